// Analog inputs: measured one after another in the background, and reported.
#pragma once
#include <stdint.h>

namespace analog {

void begin();

/** Nothing is reported. */
void reset();

/** Measures a channel now and then at each sample, or no longer. */
void report(uint8_t channel, bool on);

/** Measures all reported channels whose pins are in mode ANALOG. */
void sample();

/** Sends what was measured and goes on to the next channel. */
void poll();

}  // namespace analog
