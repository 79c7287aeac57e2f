// The frame of 20 ms is divided in twelve slots, and in each one servo's pulse begins, so that never more than two
// pulses run at once. Rise and fall are made by Timer1's compare register B, which matches some microseconds early:
// the interrupt then waits for the exact cycle, so that other interrupts do not bend the pulse.
#include "servos.h"

#include <avr/interrupt.h>
#include <avr/pgmspace.h>

#include "chip.h"
#include "pins.h"
#include "receiver.h"
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

// Longer than other interrupts take, the tone's and one more, with the time to get here.
const uint16_t LEAD_CYCLES = 280;
const uint16_t MARGIN_CYCLES = 100;  // what it takes to leave the interrupt and be served again

// What a rise may come late so that no fall does: a pulse is measured from its rise, wherever that was.
const uint16_t RISE_CAN_WAIT_CYCLES = 240;

// What it takes to take a received byte: this close to an edge there is only the edge.
const uint16_t TAKE_CYCLES = 64;

// From the end of a fall's wait to its edge, measured on the emulated chip.
const uint16_t FALL_CYCLES = 46;

struct Servo {
  uint8_t pin = NO_PIN;
  uint8_t mask;
  volatile uint8_t *latch;
  uint16_t pulseCycles;
  uint16_t narrowestUs;
  uint16_t widestUs;
};

Servo all[MOST];
uint8_t attached;

// The interrupt's own.
struct Pulse {
  volatile uint8_t *latch;
  uint8_t mask;  // 0 while there is no pulse
  uint16_t endsAt;
};

Pulse even, odd;  // of slots by their number: one pulse may begin while the one before still runs
Servo *next;      // whose slot is to come
bool isNextOdd;
uint16_t nextRiseAt;
uint16_t eventAt;
Pulse *eventPulse;  // the one that ends, or null where one begins

Servo *find(uint8_t pin) {
  for (Servo &servo : all) {
    if (servo.pin == pin) return &servo;
  }
  return 0;
}

void rise() {
  Pulse &pulse = isNextOdd ? odd : even;
  if (next->pin != NO_PIN) {
    *next->latch |= next->mask;
    pulse.latch = next->latch;
    pulse.mask = next->mask;
    pulse.endsAt = TCNT1 + next->pulseCycles - FALL_CYCLES;
  }
  nextRiseAt += SLOT_CYCLES;
  isNextOdd = !isNextOdd;
  if (++next == all + MOST) next = all;
}

void fall(Pulse &pulse) {
  *pulse.latch &= ~pulse.mask;
  pulse.mask = 0;
}

/** The earliest of what is to come: hardly further away than a slot. A rise that is near a fall comes after it. */
void planEvent() {
  const int16_t toRise = nextRiseAt - eventAt;
  uint16_t wait = toRise > 0 ? toRise : 0;
  uint16_t longest = wait + RISE_CAN_WAIT_CYCLES;
  Pulse *earliest = 0;
  const uint16_t toEven = even.endsAt - eventAt;
  if (even.mask && toEven <= longest) {
    longest = wait = toEven;
    earliest = &even;
  }
  const uint16_t toOdd = odd.endsAt - eventAt;
  if (odd.mask && toOdd <= longest) {
    wait = toOdd;
    earliest = &odd;
  }
  eventAt += wait;
  eventPulse = earliest;
}

int16_t cyclesToEvent() { return eventAt - TCNT1; }

/** The pulse of a servo that is no more; its fall, if planned, finds nothing to do. */
void forget(Pulse &pulse, const Servo &servo) {
  if (pulse.latch == servo.latch && pulse.mask == servo.mask) pulse.mask = 0;
}

void begin() {
  timer1::acquire(timer1::SERVOS);
  cli();
  even.mask = odd.mask = 0;
  next = all;
  isNextOdd = false;
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
  chip::haveComputed(cycles);
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
    while (cyclesToEvent() > int16_t(TAKE_CYCLES)) receiver::takeWaiting();
    while (cyclesToEvent() > 0) {
    }
    if (eventPulse) {
      fall(*eventPulse);
    } else {
      rise();
    }
    receiver::takeWaiting();
    planEvent();
    receiver::takeWaiting();
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
  forget(even, *servo);
  forget(odd, *servo);
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
