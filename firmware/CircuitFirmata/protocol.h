// The Firmata protocol: takes bytes apart into messages, executes them, answers queries.
#pragma once

namespace protocol {

/** Everything as after power-up: pins, reports, interval, echo, dead-man, and a message half received. */
void reset();

/** Sends the protocol's version and the firmware's name, unasked, as a Firmata does once it is ready. */
void greet();

/** Executes some of what was received, as far as its echoes have room. */
void poll();

}  // namespace protocol
