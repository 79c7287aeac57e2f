// Up to twelve servos: a pulse each every 20 ms.
#pragma once
#include <stdint.h>

namespace servos {

bool isFull();

/** Begins pulses of 1500 us. Only where not isFull(); by pins::setMode() alone. */
void attach(uint8_t pin);

/** Ends them; the pin is low. By pins::setMode() alone. */
void detach(uint8_t pin);

/** Sets the pulses of 0 and 180 degrees, in microseconds, and makes the pin a servo's. Zero stands for the default. */
void configure(uint8_t pin, uint16_t narrowestUs, uint16_t widestUs);

/** Turns a servo: degrees below 544, microseconds from there on, kept within what it is configured for. */
void write(uint8_t pin, uint16_t value);

}  // namespace servos
