// When to sleep: an interrupt that leaves something to do says so, and the chip sleeps only when none has.
#pragma once
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>

namespace work {

// Bit 0 of GPIOR0: set and cleared by one instruction, so no interrupt can come between. Always inline, because an
// interrupt that calls anything saves a dozen registers first.

__attribute__((always_inline)) inline void leave() { GPIOR0 |= 1; }

inline void beginPass() { GPIOR0 &= ~1; }

/**
 * Sleeps (idle: clocks of timers, USART, ADC and TWI run on) until any interrupt, at most 1.024 ms because
 * Timer0 ticks. Returns at once where work was left since the pass began.
 */
inline void sleepUntilMore() {
  cli();
  if (GPIOR0 & 1) {
    sei();
    return;
  }
  set_sleep_mode(SLEEP_MODE_IDLE);
  sleep_enable();
  sei();  // takes effect after the next instruction: an interrupt that waits wakes the chip at once
  sleep_cpu();
  sleep_disable();
}

}  // namespace work
