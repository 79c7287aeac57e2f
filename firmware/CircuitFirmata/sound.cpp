// Timer1 runs freely at the chip's clock; each edge is a match of its compare register A. A match's moment follows
// from the one before, never from when its interrupt was served, so that no delay adds up.
#include "sound.h"

#include <avr/interrupt.h>
#include <avr/pgmspace.h>

#include "chip.h"
#include "pins.h"
#include "receiver.h"
#include "text.h"
#include "timer1.h"
#include "work.h"

namespace {

const uint32_t LOWEST_CENTIHERTZ = 3100;
const uint32_t HIGHEST_CENTIHERTZ = 500000;

const uint8_t NO_PIN = 0xff;

// Half periods are longer than the timer's 16 bits (31 Hz: 258 065 cycles): the way to an edge is one step of the
// rest, then steps of half a turn. The rest is a quarter of a turn at least, unless it is all there is.
const uint16_t STEP_CYCLES = 0x8000;
const uint16_t LEAST_REST_CYCLES = 0x4000;

// A match this close is set again, lest it passes before it is written and comes a whole turn late.
const uint16_t MARGIN_CYCLES = 48;

uint8_t sounding = NO_PIN;
volatile bool hasEnded;

// The interrupt's own; changed by others only while it is off.
volatile uint8_t *latch;
uint8_t mask;
uint8_t steps;        // of a half period
uint16_t restCycles;  // of a half period
uint8_t restFraction;  // of a cycle, in 256ths
uint8_t fraction;
uint8_t stepsToEdge;
uint16_t matchAt;
uint32_t edgesLeft;
bool isEndless;

// Both are part of the interrupt, where a call would cost more than they do.
__attribute__((always_inline)) inline void setMatchAfter(uint16_t cycles) {
  const uint16_t since = TCNT1 - matchAt;
  matchAt += cycles;
  OCR1A = since + MARGIN_CYCLES < cycles ? matchAt : TCNT1 + MARGIN_CYCLES;
}

__attribute__((always_inline)) inline void planEdge() {
  stepsToEdge = steps;
  const uint8_t before = fraction;
  fraction += restFraction;
  setMatchAfter(fraction < before ? restCycles + 1 : restCycles);
}

void halt() {
  if (sounding == NO_PIN) return;
  cli();
  TIMSK1 &= ~_BV(OCIE1A);
  *latch &= ~mask;
  sei();
  sounding = NO_PIN;
  hasEnded = false;
}

/** Edges of a tone, an even number, so that it ends low. Split in two: 21 bits of ms by 19 would not fit 32. */
uint32_t edgesOf(uint32_t centihertz, uint32_t durationMs) {
  const uint32_t inSeconds = durationMs / 1000 * centihertz / 50;
  const uint32_t inRest = durationMs % 1000 * centihertz / 50000;
  const uint32_t edges = (inSeconds + inRest) & ~1UL;
  return edges ? edges : 2;
}

}  // namespace

ISR(TIMER1_COMPA_vect) {
  receiver::takeWaiting();
  if (stepsToEdge) {
    stepsToEdge--;
    setMatchAfter(STEP_CYCLES);
    return;
  }
  *latch ^= mask;
  if (!isEndless && --edgesLeft == 0) {
    TIMSK1 &= ~_BV(OCIE1A);
    hasEnded = true;
    work::leave();
    return;
  }
  planEdge();
  receiver::takeWaiting();
}

namespace sound {

void start(uint8_t pin, uint32_t centihertz, uint32_t durationMs) {
  if (centihertz < LOWEST_CENTIHERTZ || centihertz > HIGHEST_CENTIHERTZ) {
    const uint16_t hertz = centihertz / 100;
    text::Line line;
    line.put(PSTR("pin ")).put(pin).put(PSTR(": no tone of ")).put(hertz).put(PSTR(" Hz, 31 to 5000 work")).send();
    return;
  }
  if (!pins::setMode(pin, pins::MODE_TONE)) return;
  // Half a period is F_CPU / 2 / (centihertz / 100) cycles.
  const uint32_t dividend = F_CPU * 50UL;
  const uint32_t cycles = dividend / centihertz;
  const uint8_t part = dividend % centihertz * 256 / centihertz;
  const uint32_t edges = edgesOf(centihertz, durationMs);
  if (sounding != NO_PIN && sounding != pin) silence(sounding);
  halt();
  timer1::acquire(timer1::TONE);
  pins::setState(pin, (centihertz + 50) / 100);

  sounding = pin;
  latch = &chip::registersOf(pin)[chip::PORT];
  mask = chip::maskOf(pin);
  steps = cycles < STEP_CYCLES + LEAST_REST_CYCLES ? 0 : (cycles - LEAST_REST_CYCLES) / STEP_CYCLES;
  restCycles = cycles - uint32_t(steps) * STEP_CYCLES;
  restFraction = part;
  fraction = 0;
  isEndless = durationMs == 0;
  edgesLeft = edges - 1;
  cli();
  *latch |= mask;
  matchAt = TCNT1;
  planEdge();
  TIFR1 = _BV(OCF1A);
  TIMSK1 |= _BV(OCIE1A);
  sei();
}

void silence(uint8_t pin) {
  if (pin >= chip::PINS || pins::mode(pin) != pins::MODE_TONE) return;
  stop(pin);
  pins::setState(pin, 0);
}

void silenceAll() {
  if (sounding != NO_PIN) silence(sounding);
}

void stop(uint8_t pin) {
  if (pin != sounding) return;
  halt();
  timer1::release(timer1::TONE);
}

void poll() {
  if (hasEnded) stop(sounding);
}

}  // namespace sound
