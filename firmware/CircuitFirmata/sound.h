// One tone at a time, on any pin, exact to the chip's clock.
#pragma once
#include <stdint.h>

namespace sound {

/**
 * Starts a tone, or starts it again: the pin goes high at once. A tone on another pin ends.
 *
 * @param centihertz 3 100 to 500 000; anything else is refused with a message.
 * @param durationMs 0 plays until stopped. Otherwise the tone has as many whole periods as fit, one at least.
 */
void start(uint8_t pin, uint32_t centihertz, uint32_t durationMs);

/** The host's stop: the pin is low, and its state 0. */
void silence(uint8_t pin);

/** The same, on whatever pin there is a tone. */
void silenceAll();

/** Ends the tone if it is on this pin, which is low then. */
void stop(uint8_t pin);

/** Gives the timer back after a tone that ended by itself. */
void poll();

}  // namespace sound
