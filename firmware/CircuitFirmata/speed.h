// The line's speed: what the host asks for, and the way back to 57 600 baud by itself, so that any host can open the
// board next.
#pragma once
#include <stdint.h>

namespace speed {

/** Goes over to the speed of this number in the protocol, once all that was written has left. */
void change(uint8_t code);

/** A ping has come: the host hears this speed. */
void proven();

/** Goes back where the speed does not prove good, or the host is gone. */
void poll();

}  // namespace speed
