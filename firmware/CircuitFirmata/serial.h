// The serial line at 57 600 baud, driven by interrupts, with a ring each way.
#pragma once
#include <stdint.h>

namespace serial {

void begin();

bool isAvailable();

/** The oldest byte received. Only where isAvailable(). */
uint8_t read();

/** Bytes that write() takes without waiting. */
uint8_t room();

/** Queues a byte, waiting for room if there is none. */
void write(uint8_t byte);

/** Queues the low 14 bits of a value as two bytes of seven, the lower first. */
void write14(uint16_t value);

/** Tells the host about bytes that were lost, when the line has room for it. */
void poll();

}  // namespace serial
