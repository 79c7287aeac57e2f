// Compare outputs of the three timers, whose modes and clocks are the Arduino core's: datasheet 14.9, 15.11, 17.11.
#include "pwm.h"

#include <avr/interrupt.h>

#include "chip.h"

namespace {

struct Output {
  volatile uint8_t *control;
  uint8_t enable;
  volatile uint8_t *compare;  // of Timer1's 16 bits the lower half; in its 8-bit mode the upper stays 0
};

Output outputOf(uint8_t pin) {
  switch (pin) {
    case 3:
      return {&TCCR2A, _BV(COM2B1), &OCR2B};
    case 5:
      return {&TCCR0A, _BV(COM0B1), &OCR0B};
    case 6:
      return {&TCCR0A, _BV(COM0A1), &OCR0A};
    case 9:
      return {&TCCR1A, _BV(COM1A1), &OCR1AL};
    case 10:
      return {&TCCR1A, _BV(COM1B1), &OCR1BL};
    default:
      return {&TCCR2A, _BV(COM2A1), &OCR2A};
  }
}

}  // namespace

namespace pwm {

bool isOn(uint8_t pin) { return pin == 3 || pin == 5 || pin == 6 || (pin >= 9 && pin <= 11); }

void write(uint8_t pin, uint8_t duty) {
  const Output output = outputOf(pin);
  volatile uint8_t &latch = chip::registersOf(pin)[chip::PORT];
  const uint8_t mask = chip::maskOf(pin);
  const bool isConstant = duty == 0 || duty == 255;
  cli();
  if (isConstant) {
    *output.control &= ~output.enable;
  } else {
    if (isOnTimer1(pin)) (pin == 9 ? OCR1AH : OCR1BH) = 0;  // the upper half first (datasheet 15.3)
    *output.compare = duty;
    *output.control |= output.enable;
  }
  if (duty == 255) {
    latch |= mask;
  } else {
    latch &= ~mask;
  }
  sei();
}

}  // namespace pwm
