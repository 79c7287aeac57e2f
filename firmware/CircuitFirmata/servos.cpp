// The frame of 20 ms is divided in twelve slots, and in each one servo's pulse begins, so that never more than two
// pulses run at once. Rise and fall are made by Timer1's compare register B, which matches some microseconds early:
// the interrupt then waits for the exact cycle, so that other interrupts do not bend the pulse.
#include "servos.h"

#include <avr/interrupt.h>
#include <avr/pgmspace.h>

#include "chip.h"
#include "pins.h"
#include "text.h"
#include "timer1.h"

using chip::CYCLES_PER_US;

namespace {

const uint8_t MOST = 12;
const uint8_t NO_PIN = 0xff;
const uint16_t SLOT_CYCLES = 26667;  // a twelfth of 20 ms

const uint16_t DEFAULT_NARROWEST_US = 544;  // as Arduino's Servo library has it
const uint16_t DEFAULT_WIDEST_US = 2400;
const uint16_t MIDDLE_US = 1500;
const uint16_t FIRST_US = 544;  // the protocol's limit between degrees and microseconds

// A pulse must end before the next but one begins: two slots, 3333 us.
const uint16_t NARROWEST_US = 100;
const uint16_t WIDEST_US = 3000;

// Longer than any other interrupt takes, the tone's and Timer0's together.
const uint16_t LEAD_CYCLES = 240;
const uint16_t MARGIN_CYCLES = 120;  // what it takes to leave the interrupt and be served again

struct Servo {
  uint8_t pin = NO_PIN;
  uint8_t mask;
  volatile uint8_t *latch;
  uint16_t narrowestUs;
  uint16_t widestUs;
  uint16_t pulseCycles;
};

Servo all[MOST];
uint8_t attached;

// The interrupt's own. Pulses alternate between two places: one may begin while the one before still runs.
struct Pulse {
  Servo *servo;  // null while there is none
  uint16_t endsAt;
};

Pulse pulses[2];
uint8_t nextSlot;
uint16_t nextRiseAt;
uint16_t eventAt;
Pulse *eventPulse;  // the one that falls, or null for a rise

Servo *find(uint8_t pin) {
  for (Servo &servo : all) {
    if (servo.pin == pin) return &servo;
  }
  return 0;
}

void rise() {
  Servo &servo = all[nextSlot];
  Pulse &pulse = pulses[nextSlot & 1];
  if (servo.pin != NO_PIN) {
    *servo.latch |= servo.mask;
    pulse.servo = &servo;
    pulse.endsAt = nextRiseAt + servo.pulseCycles;
  }
  nextRiseAt += SLOT_CYCLES;
  nextSlot = nextSlot + 1 < MOST ? nextSlot + 1 : 0;
}

void fall(Pulse &pulse) {
  if (!pulse.servo) return;
  *pulse.servo->latch &= ~pulse.servo->mask;
  pulse.servo = 0;
}

/** The earliest of what is to come: never further away than a slot. */
void planEvent() {
  const uint16_t now = eventAt;
  eventAt = nextRiseAt;
  eventPulse = 0;
  for (Pulse &pulse : pulses) {
    if (!pulse.servo || uint16_t(pulse.endsAt - now) > uint16_t(eventAt - now)) continue;
    eventAt = pulse.endsAt;
    eventPulse = &pulse;
  }
}

int16_t cyclesToEvent() { return eventAt - TCNT1; }

void begin() {
  timer1::acquire(timer1::SERVOS);
  cli();
  pulses[0].servo = pulses[1].servo = 0;
  nextSlot = 0;
  eventPulse = 0;
  eventAt = nextRiseAt = TCNT1 + LEAD_CYCLES + MARGIN_CYCLES;
  OCR1B = eventAt - LEAD_CYCLES;
  TIFR1 = _BV(OCF1B);
  TIMSK1 |= _BV(OCIE1B);
  sei();
}

void end() {
  TIMSK1 &= ~_BV(OCIE1B);
  timer1::release(timer1::SERVOS);
}

void setPulse(Servo &servo, uint16_t us) {
  const uint16_t cycles = us * CYCLES_PER_US;
  cli();
  servo.pulseCycles = cycles;
  sei();
}

uint16_t clamp(uint16_t us, const Servo &servo) {
  if (us < servo.narrowestUs) return servo.narrowestUs;
  return us > servo.widestUs ? servo.widestUs : us;
}

}  // namespace

ISR(TIMER1_COMPB_vect) {
  while (cyclesToEvent() <= int16_t(LEAD_CYCLES + MARGIN_CYCLES)) {
    while (cyclesToEvent() > 0) {
    }
    if (eventPulse) {
      fall(*eventPulse);
    } else {
      rise();
    }
    planEvent();
  }
  OCR1B = eventAt - LEAD_CYCLES;
}

namespace servos {

bool isFull() { return attached == MOST; }

void attach(uint8_t pin) {
  Servo &servo = *find(NO_PIN);
  servo.mask = chip::maskOf(pin);
  servo.latch = &chip::registersOf(pin)[chip::PORT];
  servo.narrowestUs = DEFAULT_NARROWEST_US;
  servo.widestUs = DEFAULT_WIDEST_US;
  setPulse(servo, MIDDLE_US);
  servo.pin = pin;
  if (attached++ == 0) begin();
}

void detach(uint8_t pin) {
  Servo *const servo = find(pin);
  if (!servo) return;
  cli();
  servo->pin = NO_PIN;
  *servo->latch &= ~servo->mask;
  for (Pulse &pulse : pulses) {
    if (pulse.servo == servo) pulse.servo = 0;
  }
  sei();
  if (--attached == 0) end();
}

void configure(uint8_t pin, uint16_t narrowestUs, uint16_t widestUs) {
  if (!narrowestUs) narrowestUs = DEFAULT_NARROWEST_US;
  if (!widestUs) widestUs = DEFAULT_WIDEST_US;
  if (narrowestUs < NARROWEST_US || widestUs > WIDEST_US || narrowestUs > widestUs) {
    text::refusePin(pin, PSTR("servo pulses are 100 to 3000 us"));
    return;
  }
  if (!pins::setMode(pin, pins::MODE_SERVO)) return;
  Servo &servo = *find(pin);
  servo.narrowestUs = narrowestUs;
  servo.widestUs = widestUs;
  setPulse(servo, clamp(servo.pulseCycles / CYCLES_PER_US, servo));
}

void write(uint8_t pin, uint16_t value) {
  Servo &servo = *find(pin);
  if (value >= FIRST_US) {
    setPulse(servo, clamp(value, servo));
    return;
  }
  const uint8_t degrees = value > 180 ? 180 : value;
  const uint32_t range = servo.widestUs - servo.narrowestUs;
  setPulse(servo, servo.narrowestUs + range * degrees / 180);
}

}  // namespace servos
