#include "serial.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>

#include "text.h"
#include "work.h"

namespace {

// The Arduino core's divisor for 57 600 baud at 16 MHz without U2X, really 58 824: the Uno's USB chip, clocked and
// rounded alike, runs at the same. (Datasheet 19.3.1: baud = f / 16 / (UBRR + 1).)
const uint8_t BAUD_DIVISOR = 16;

// 256 bytes each, so that a one-byte index wraps by itself. One place stays free to tell full from empty; with the
// three bytes that the USART holds itself, a burst of 255 fits while nobody reads.
volatile uint8_t in[256];
volatile uint8_t inHead, inTail;
volatile uint8_t out[256];
volatile uint8_t outHead, outTail;

volatile uint8_t lost;  // stays at 255
uint8_t lostTold;

}  // namespace

ISR(USART_RX_vect) {
  const uint8_t status = UCSR0A;
  const uint8_t byte = UDR0;
  const uint8_t next = inHead + 1;
  const bool fits = next != inTail && !(status & _BV(FE0));
  if (fits) {
    in[inHead] = byte;
    inHead = next;
  }
  // An overrun is flagged with the byte after the gap (datasheet 19.7.4).
  if ((!fits || (status & _BV(DOR0))) && lost < 255) lost++;
  work::leave();
}

ISR(USART_UDRE_vect) {
  UDR0 = out[outTail];
  outTail++;
  if (outTail == outHead) UCSR0B &= ~_BV(UDRIE0);
  work::leave();
}

namespace serial {

void begin() {
  UBRR0 = BAUD_DIVISOR;
  UCSR0A = 0;
  UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
  UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
}

bool isAvailable() { return inHead != inTail; }

uint8_t read() {
  const uint8_t byte = in[inTail];
  inTail++;
  return byte;
}

uint8_t room() { return 255 - (uint8_t)(outHead - outTail); }

void write(uint8_t byte) {
  while (room() == 0) sleep_mode();  // the next byte leaves within 170 us and wakes us
  out[outHead] = byte;
  cli();
  outHead++;
  UCSR0B |= _BV(UDRIE0);
  sei();
}

void write14(uint16_t value) {
  write(value & 0x7f);
  write((value >> 7) & 0x7f);
}

void poll() {
  const uint8_t count = lost;
  if (count == lostTold) return;
  text::Line line;
  line.put(PSTR("serial: lost bytes, ")).put(count).put(count < 255 ? PSTR(" in all") : PSTR(" or more in all"));
  if (line.send()) lostTold = count;
}

}  // namespace serial
