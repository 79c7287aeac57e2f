// Timer1 runs freely at the chip's clock; each edge is a match of its compare register A. A match's moment follows
// from the one before, never from when its interrupt was served, so that no delay adds up.
#include "sound.h"

#include <avr/interrupt.h>
#include <avr/pgmspace.h>

#include "chip.h"
#include "pins.h"
#include "text.h"
#include "timer1.h"
#include "work.h"

namespace {

const uint32_t LOWEST_CENTIHERTZ = 3100;
const uint32_t HIGHEST_CENTIHERTZ = 500000;

const uint8_t NO_PIN = 0xff;

// Half periods are longer than the timer's 16 bits (31 Hz: 258 065 cycles), so the way to an edge may take several
// matches. Steps of half a turn until less than three quarters are left: then even the last is far away.
const uint16_t STEP_CYCLES = 0x8000;
const uint16_t LAST_STEP_CYCLES = 0xc000;

// A match this close is set again, lest it passes before it is written and comes a whole turn late.
const uint16_t MARGIN_CYCLES = 48;

uint8_t sounding = NO_PIN;
volatile bool hasEnded;

// The interrupt's own; changed by others only while it is off.
volatile uint8_t *latch;
uint8_t mask;
uint32_t halfPeriodCycles;
uint8_t halfPeriodFraction;  // of a cycle, in 256ths
uint8_t fraction;
uint16_t matchAt;
uint32_t cyclesToEdge;  // from the match set
uint32_t edgesLeft;
bool isEndless;

inline void setNextMatch() {
  const uint16_t step = cyclesToEdge > LAST_STEP_CYCLES ? STEP_CYCLES : cyclesToEdge;
  const uint16_t since = TCNT1 - matchAt;
  cyclesToEdge -= step;
  matchAt += step;
  OCR1A = since + MARGIN_CYCLES < step ? matchAt : TCNT1 + MARGIN_CYCLES;
}

inline void planEdge() {
  cyclesToEdge = halfPeriodCycles;
  const uint8_t before = fraction;
  fraction += halfPeriodFraction;
  if (fraction < before) cyclesToEdge++;
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
  if (cyclesToEdge == 0) {
    *latch ^= mask;
    if (!isEndless && --edgesLeft == 0) {
      TIMSK1 &= ~_BV(OCIE1A);
      hasEnded = true;
      work::leave();
      return;
    }
    planEdge();
  }
  setNextMatch();
}

namespace sound {

void start(uint8_t pin, uint32_t centihertz, uint32_t durationMs) {
  if (centihertz < LOWEST_CENTIHERTZ || centihertz > HIGHEST_CENTIHERTZ) {
    const uint16_t hertz = centihertz / 100;
    text::Line().put(PSTR("pin ")).put(pin).put(PSTR(": no tone of ")).put(hertz).put(PSTR(" Hz, 31 to 5000 work")).send();
    return;
  }
  if (!pins::setMode(pin, pins::MODE_TONE)) return;
  // Half a period is F_CPU / 2 / (centihertz / 100) cycles.
  const uint32_t dividend = F_CPU * 50UL;
  const uint32_t whole = dividend / centihertz;
  const uint8_t part = dividend % centihertz * 256 / centihertz;
  const uint32_t edges = edgesOf(centihertz, durationMs);
  if (sounding != NO_PIN && sounding != pin) silence(sounding);
  halt();
  timer1::acquire(timer1::TONE);
  pins::setState(pin, (centihertz + 50) / 100);

  sounding = pin;
  latch = &chip::registersOf(pin)[chip::PORT];
  mask = chip::maskOf(pin);
  halfPeriodCycles = whole;
  halfPeriodFraction = part;
  fraction = 0;
  isEndless = durationMs == 0;
  edgesLeft = edges - 1;
  cli();
  *latch |= mask;
  matchAt = TCNT1;
  planEdge();
  setNextMatch();
  TIFR1 = _BV(OCF1A);
  TIMSK1 |= _BV(OCIE1A);
  sei();
}

void silence(uint8_t pin) {
  if (pin >= chip::PINS || pins::mode(pin) != pins::MODE_TONE) return;
  stop(pin);
  pins::setState(pin, 0);
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
