// PWM on pins 3, 5, 6, 9, 10 and 11, as the Arduino core's analogWrite() makes it.
#pragma once
#include <stdint.h>

namespace pwm {

bool isOn(uint8_t pin);

/** Pins 9 and 10, whose timer tones and servos need. */
inline bool isOnTimer1(uint8_t pin) { return pin == 9 || pin == 10; }

/** A duty of 0 to 255; 0 is low and 255 is high without a pulse. */
void write(uint8_t pin, uint8_t duty);

/** Leaves the pin low. */
inline void stop(uint8_t pin) { write(pin, 0); }

}  // namespace pwm
