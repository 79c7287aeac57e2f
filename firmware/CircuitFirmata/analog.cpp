// ADC: datasheet chapter 23. The Arduino core has set its clock to 125 kHz: 104 us a conversion.
#include "analog.h"

#include <avr/io.h>

#include "chip.h"
#include "pins.h"
#include "serial.h"

namespace {

const uint8_t ANALOG_MESSAGE = 0xe0;
const uint8_t CHANNELS = chip::PINS - chip::FIRST_ANALOG_PIN;

// A bit for each channel.
uint8_t reported;
uint8_t due;

uint8_t current;  // the last channel measured, or being measured
bool isMeasuring;

void measureNext() {
  do {
    current = current + 1 < CHANNELS ? current + 1 : 0;
  } while (!(due & (1 << current)));
  due &= ~(1 << current);
  ADMUX = _BV(REFS0) | current;
  ADCSRA |= _BV(ADSC);
  isMeasuring = true;
}

}  // namespace

namespace analog {

void begin() { ADCSRA |= _BV(ADEN) | _BV(ADIE); }

void reset() { reported = due = 0; }

void report(uint8_t channel, bool on) {
  if (channel >= CHANNELS) return;
  const uint8_t bit = 1 << channel;
  if (on) {
    reported |= bit;
    due |= bit;
  } else {
    reported &= ~bit;
    due &= ~bit;
  }
}

void sample() {
  for (uint8_t channel = 0; channel < CHANNELS; channel++) {
    const bool isAnalog = pins::mode(chip::FIRST_ANALOG_PIN + channel) == pins::MODE_ANALOG;
    if (isAnalog) due |= reported & (1 << channel);
  }
}

void poll() {
  if (isMeasuring) {
    if (ADCSRA & _BV(ADSC) || serial::room() < serial::MESSAGE_BYTES) return;
    isMeasuring = false;
    if (reported & (1 << current)) serial::writeMessage(ANALOG_MESSAGE | current, ADC);
  }
  if (due) measureNext();
}

}  // namespace analog
