// The dead-man: where pins go when the host has been silent for too long. Nothing but the host's own message arms it.
#pragma once
#include <stdint.h>

namespace safe {

/**
 * Arms it, or disarms it with a time of 0, in place of what was armed before. What cannot be is refused with a message,
 * and changes nothing.
 *
 * @param afterMs 100 or more of silence.
 * @param pairs A pin and its action each: 0 low, 1 high, 2 input.
 * @returns Whether it was done.
 */
bool arm(uint16_t afterMs, const uint8_t *pairs, uint8_t count);

void disarm();

/** Trips when the time has come: puts the pins there, silences the tone, disarms, and tells the host. */
void poll();

}  // namespace safe
