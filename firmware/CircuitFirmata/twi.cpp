// Datasheet chapter 21; the status codes are those of its tables 21-3 and 21-4.
#include "twi.h"

#include <Arduino.h>
#include <avr/interrupt.h>
#include <util/twi.h>

#include "work.h"

namespace {

// 100 kHz: f = F_CPU / (16 + 2 * TWBR), without prescaler (datasheet 21.5.2).
const uint8_t BIT_RATE = (F_CPU / 100000UL - 16) / 2;
const uint8_t BUS_PINS = _BV(PORTC4) | _BV(PORTC5);

const uint8_t ON = _BV(TWEN);
const uint8_t GO = _BV(TWEN) | _BV(TWIE) | _BV(TWINT);

uint8_t bytes[twi::MOST_BYTES];
uint8_t count;
uint8_t position;
uint8_t target;  // address and direction, as it goes over the wire
volatile twi::Outcome result;

void start(uint8_t address, uint8_t direction, uint8_t length) {
  target = address << 1 | direction;
  count = length;
  position = 0;
  result = twi::RUNNING;
  TWCR = GO | _BV(TWSTA);
}

/** Leaves the bus as it is, for stop() or a restart. */
void finish(twi::Outcome outcome) {
  TWCR = ON;
  result = outcome;
  work::leave();
}

void sendNext() {
  if (position == count) {
    finish(twi::DONE);
    return;
  }
  TWDR = bytes[position++];
  TWCR = GO;
}

/** All bytes but the last are acknowledged. */
void expectNext() { TWCR = position + 1 < count ? GO | _BV(TWEA) : GO; }

}  // namespace

ISR(TWI_vect) {
  switch (TW_STATUS) {
    case TW_START:
    case TW_REP_START:
      TWDR = target;
      TWCR = GO;
      break;
    case TW_MT_SLA_ACK:
    case TW_MT_DATA_ACK:
      sendNext();
      break;
    case TW_MR_SLA_ACK:
      expectNext();
      break;
    case TW_MR_DATA_ACK:
      bytes[position++] = TWDR;
      expectNext();
      break;
    case TW_MR_DATA_NACK:
      bytes[position++] = TWDR;
      finish(twi::DONE);
      break;
    case TW_MT_SLA_NACK:
    case TW_MR_SLA_NACK:
      finish(twi::NO_ANSWER);
      break;
    case TW_MT_DATA_NACK:
      finish(twi::REFUSED);
      break;
    default:
      finish(twi::DISTURBED);
  }
}

namespace twi {

void begin() {
  cli();
  PORTC |= BUS_PINS;
  sei();
  TWCR = 0;
  TWBR = BIT_RATE;
  TWSR = 0;
  TWCR = ON;
}

void end() {
  TWCR = 0;
  cli();
  PORTC &= ~BUS_PINS;
  sei();
}

void write(uint8_t address, const uint8_t *source, uint8_t length) {
  memcpy(bytes, source, length);
  start(address, TW_WRITE, length);
}

void read(uint8_t address, uint8_t length) { start(address, TW_READ, length); }

Outcome outcome() { return result; }

uint8_t received(uint8_t index) { return bytes[index]; }

void stop() { TWCR = ON | _BV(TWINT) | _BV(TWSTO); }

bool isStopping() { return TWCR & _BV(TWSTO); }

}  // namespace twi
