// The board: which chip, and which of its ports each Arduino pin is on.
#pragma once
#include <avr/io.h>
#include <stdint.h>

#if !defined(__AVR_ATmega328P__) || F_CPU != 16000000UL
#error "CircuitFirmata drives the ATmega328P's own registers at 16 MHz: choose the board Arduino Uno or Nano"
#endif

namespace chip {

const uint8_t PINS = 20;  // D0-D13, A0-A5 as 14-19
const uint8_t FIRST_PIN = 2;  // 0 and 1 are the serial line
const uint8_t FIRST_ANALOG_PIN = 14;
const uint8_t SDA_PIN = 18;
const uint8_t SCL_PIN = 19;
const uint8_t PORTS = 3;  // Firmata's ports: eight pins each, by number
const uint16_t CYCLES_PER_US = F_CPU / 1000000UL;

// The three registers of a port lie side by side: PINx, DDRx, PORTx (datasheet 13.4).
const uint8_t DDR = 1;
const uint8_t PORT = 2;

/**
 * Has a value computed here. The compiler knows nothing of time, and would move a division of 600 cycles behind a cli().
 */
inline void haveComputed(uint16_t value) { asm volatile("" ::"r"(value)); }

inline volatile uint8_t *registersOf(uint8_t pin) {
  return pin < 8 ? &PIND : pin < FIRST_ANALOG_PIN ? &PINB : &PINC;
}

inline uint8_t maskOf(uint8_t pin) {
  return 1 << (pin < 8 ? pin : pin < FIRST_ANALOG_PIN ? pin - 8 : pin - FIRST_ANALOG_PIN);
}

/** Levels at the pins of a Firmata port: 0 is PD0-7, 1 is PB0-5 and PC0-1, 2 is PC2-5. */
inline uint8_t read(uint8_t port) {
  if (port == 0) return PIND;
  if (port == 1) return (PINB & 0x3f) | (uint8_t)(PINC << 6);
  return (PINC >> 2) & 0x0f;
}

/** Their output latches, in the same order. */
inline uint8_t latch(uint8_t port) {
  if (port == 0) return PORTD;
  if (port == 1) return (PORTB & 0x3f) | (uint8_t)(PORTC << 6);
  return (PORTC >> 2) & 0x0f;
}

}  // namespace chip
