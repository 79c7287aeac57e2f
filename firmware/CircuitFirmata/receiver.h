// The receiving half of the serial line: its interrupt, and what others do that would keep that one waiting too long.
#pragma once
#include <avr/io.h>
#include <stdint.h>

#include "work.h"

namespace receiver {

// 256 bytes, so that a one-byte index wraps by itself. One place stays free to tell full from empty; with the three
// bytes that the USART holds itself, a burst of 255 fits while nobody reads.
extern volatile uint8_t ring[256];

// Where the last byte was put, in a register that takes one cycle to get at instead of two; and read.
inline uint8_t head() { return GPIOR1; }
extern volatile uint8_t tail;

extern volatile uint8_t lost;  // stays at 255
extern volatile bool isMisframed;

/** Takes the byte that the USART has received, with whatever is wrong with it. */
__attribute__((always_inline)) inline void take() {
  const uint8_t status = UCSR0A;
  const uint8_t byte = UDR0;
  const uint8_t at = GPIOR1 + 1;
  const bool fits = at != tail && !(status & _BV(FE0));
  if (fits) {
    ring[at] = byte;
    GPIOR1 = at;
  }
  // An overrun is flagged with the byte after the gap (datasheet 19.7.4).
  if ((!fits || (status & _BV(DOR0))) && lost < 255) lost++;
  if (status & _BV(FE0)) isMisframed = true;
  work::leave();
}

/**
 * For interrupts that may last: takes one byte that has come meanwhile. At 1 000 000 baud one comes every 160 cycles, and
 * the USART holds three: nothing may keep them waiting for 320.
 */
__attribute__((always_inline)) inline void takeWaiting() {
  if (UCSR0A & _BV(RXC0)) take();
}

}  // namespace receiver
