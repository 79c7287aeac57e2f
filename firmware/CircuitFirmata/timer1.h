// Timer1 has one owner at a time: PWM of pins 9 and 10, or else the tone (compare A) and the servos (compare B), who
// share it running freely at the chip's clock.
#pragma once
#include <stdint.h>

namespace timer1 {

enum User : uint8_t { TONE = 1, SERVOS = 2 };

/** Takes the timer from PWM. Asking again changes nothing. */
void acquire(User user);

/** Gives it back to PWM, whose duties return, when nobody else uses it. */
void release(User user);

bool isBusy();

}  // namespace timer1
