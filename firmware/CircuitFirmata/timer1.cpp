#include "timer1.h"

#include <avr/interrupt.h>
#include <avr/io.h>

#include "pins.h"
#include "pwm.h"

namespace {

uint8_t users;

const uint8_t PWM_PINS[] = {9, 10};

}  // namespace

namespace timer1 {

void acquire(User user) {
  if (!users) {
    for (uint8_t pin : PWM_PINS) {
      if (pins::mode(pin) == pins::MODE_PWM) pwm::stop(pin);
    }
    TCCR1A = 0;
    TCCR1B = _BV(CS10);
  }
  users |= user;
}

void release(User user) {
  if (!users) return;
  users &= ~user;
  if (users) return;
  // As the Arduino core sets it: phase-correct, 8 bits, clk/64. From above its top it would count on for 262 ms.
  TCCR1B = _BV(CS11) | _BV(CS10);
  TCCR1A = _BV(WGM10);
  cli();
  TCNT1 = 0;
  sei();
  for (uint8_t pin : PWM_PINS) {
    if (pins::mode(pin) == pins::MODE_PWM) pwm::write(pin, pins::state(pin));
  }
}

bool isBusy() { return users; }

}  // namespace timer1
