#include "serial.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>

#include "receiver.h"
#include "text.h"
#include "work.h"

namespace {

// Without U2X (datasheet 19.3.1: baud = f / 16 / (UBRR + 1)). 57 600 baud is really 58 824, as the Arduino core has it:
// the Uno's USB chip, clocked and rounded alike, runs at the same. The others are exact.
const uint8_t DIVISORS[serial::SPEEDS] = {16, 1, 0};

// A one-byte index wraps by itself; one place stays free to tell full from empty.
volatile uint8_t out[256];
volatile uint8_t outHead, outTail;

uint8_t lostTold;
uint8_t headSeen;

/** What was put into the ring up to here is to leave. The interrupt would end what has just begun: not between the two. */
void send(uint8_t head) {
  cli();
  outHead = head;
  UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0) | _BV(UDRIE0);
  sei();
}

bool isSending() { return outTail != outHead || !(UCSR0A & _BV(TXC0)); }

}  // namespace

ISR(USART_UDRE_vect) {
  const uint8_t at = outTail;
  const uint8_t next = at + 1;
  UDR0 = out[at];
  outTail = next;
  if (next == outHead) {
    UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
    UCSR0A = _BV(TXC0);  // clears it: it will tell when this byte has left
  }
  work::leave();
}

namespace serial {

void begin() {
  UBRR0 = DIVISORS[BAUD_57600];
  UCSR0A = 0;
  UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
  UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
}

void setSpeed(Speed speed) {
  // No interrupt tells that the last byte has left; the one that Timer0 ticks with ends the last sleep, if need be.
  while (isSending()) {
    if (outTail != outHead) sleep_mode();
  }
  UBRR0 = DIVISORS[speed];
}

void dropToSpeed(Speed speed) {
  UBRR0 = DIVISORS[speed];
  receiver::tail = receiver::head();
  lostTold = receiver::lost;  // they were not for us
}

uint8_t available() { return receiver::head() - receiver::tail; }

bool hasHeard() {
  const uint8_t head = receiver::head();
  if (head == headSeen) return false;
  headSeen = head;
  return true;
}

uint8_t read() {
  const uint8_t at = receiver::tail + 1;
  const uint8_t byte = receiver::ring[at];
  receiver::tail = at;
  return byte;
}

uint8_t room() { return 255 - (uint8_t)(outHead - outTail); }

void awaitRoom(uint8_t bytes) {
  while (room() < bytes) sleep_mode();  // the next byte leaves within 170 us and wakes us
}

void write(uint8_t byte) {
  awaitRoom(1);
  uint8_t at = outHead;
  out[at++] = byte;
  send(at);
}

void write14(uint16_t value) {
  write(value & 0x7f);
  write((value >> 7) & 0x7f);
}

void writeMessage(uint8_t status, uint16_t value) {
  awaitRoom(MESSAGE_BYTES);
  uint8_t at = outHead;
  out[at++] = status;
  out[at++] = value & 0x7f;
  out[at++] = (value >> 7) & 0x7f;
  send(at);
}

bool wasMisframed() {
  if (!receiver::isMisframed) return false;
  receiver::isMisframed = false;
  return true;
}

void poll() {
  const uint8_t count = receiver::lost;
  if (count == lostTold) return;
  text::Line line;
  line.put(PSTR("serial: lost bytes, ")).put(count).put(count < 255 ? PSTR(" in all") : PSTR(" or more in all"));
  if (line.send()) lostTold = count;
}

}  // namespace serial
