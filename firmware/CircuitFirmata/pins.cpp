#include "pins.h"

#include <avr/interrupt.h>

#include "analog.h"
#include "chip.h"
#include "i2c.h"
#include "pwm.h"
#include "serial.h"
#include "servos.h"
#include "sound.h"
#include "text.h"
#include "timer1.h"
#include "work.h"

using namespace chip;

namespace {

const uint8_t DIGITAL_MESSAGE = 0x90;

pins::Mode modes[PINS];
uint16_t values[PINS];  // states of pins that are neither input nor output

// By port, a bit for each pin.
uint8_t outputPins[PORTS];
uint8_t inputPins[PORTS];   // without pull-up, by mode
uint8_t pullUpPins[PORTS];  // by mode
uint8_t states[PORTS];      // of all three

uint8_t reportedPorts;  // a bit for each port
uint8_t unreportedPorts;  // to be sent whatever their levels
uint8_t sentLevels[PORTS];

void setBit(uint8_t &byte, uint8_t mask, bool on) {
  if (on) {
    byte |= mask;
  } else {
    byte &= ~mask;
  }
}

/** Tone and servos change the same registers from interrupts. */
void setLevels(volatile uint8_t &latch, uint8_t mask, uint8_t levels) {
  cli();
  latch = (latch & ~mask) | (levels & mask);
  sei();
}

void setLatches(uint8_t port, uint8_t mask, uint8_t levels) {
  if (port == 0) {
    setLevels(PORTD, mask, levels);
  } else if (port == 1) {
    setLevels(PORTB, mask & 0x3f, levels);
    if (mask & 0xc0) setLevels(PORTC, mask >> 6, levels >> 6);
  } else {
    setLevels(PORTC, mask << 2, levels << 2);
  }
}

/** Makes a pin an output, which is low, or an input. */
void setDirection(uint8_t pin, bool isOutput, bool pullUp) {
  volatile uint8_t *const registers = registersOf(pin);
  const uint8_t mask = maskOf(pin);
  cli();
  // In this order no pin is high for a moment as an output.
  if (!isOutput) registers[DDR] &= ~mask;
  if (pullUp) {
    registers[PORT] |= mask;
  } else {
    registers[PORT] &= ~mask;
  }
  if (isOutput) registers[DDR] |= mask;
  sei();
}

/** Changes of reported inputs wake the chip. */
void watchInputs() {
  uint8_t watched[PORTS];
  for (uint8_t port = 0; port < PORTS; port++) {
    watched[port] = reportedPorts & (1 << port) ? inputPins[port] | pullUpPins[port] : 0;
  }
  PCMSK2 = watched[0];
  PCMSK0 = watched[1] & 0x3f;
  PCMSK1 = watched[1] >> 6 | watched[2] << 2;
  PCICR = _BV(PCIE2) | _BV(PCIE1) | _BV(PCIE0);
}

bool canBe(uint8_t pin, uint8_t mode) {
  PGM_P why;
  if (pin >= PINS) {
    why = PSTR("there is none, the last is 19");
  } else if (pin < FIRST_PIN) {
    why = PSTR("it is the serial line");
  } else if (!pins::supports(pin, mode)) {
    text::Line().put(PSTR("pin ")).put(pin).put(PSTR(": it has no mode ")).put(mode).send();
    return false;
  } else if (mode == pins::MODE_PWM && pwm::isOnTimer1(pin) && timer1::isBusy()) {
    why = PSTR("no PWM while a tone or a servo runs");
  } else if (mode == pins::MODE_SERVO && modes[pin] != mode && servos::isFull()) {
    why = PSTR("no more than 12 servos");
  } else {
    return true;
  }
  text::refusePin(pin, why);
  return false;
}

void leaveMode(uint8_t pin) {
  switch (modes[pin]) {
    case pins::MODE_PWM:
      pwm::stop(pin);
      break;
    case pins::MODE_SERVO:
      servos::detach(pin);
      break;
    case pins::MODE_TONE:
      sound::stop(pin);
      break;
    case pins::MODE_I2C:
      i2c::end();
      break;
    default:
      break;
  }
}

void enterMode(uint8_t pin, pins::Mode mode) {
  const uint8_t port = pin / 8;
  const uint8_t mask = 1 << (pin % 8);
  modes[pin] = mode;
  values[pin] = 0;
  setBit(outputPins[port], mask, mode == pins::MODE_OUTPUT);
  setBit(inputPins[port], mask, mode == pins::MODE_INPUT);
  setBit(pullUpPins[port], mask, mode == pins::MODE_PULLUP);
  setBit(states[port], mask, mode == pins::MODE_PULLUP);
  const bool isInput = mode == pins::MODE_INPUT || mode == pins::MODE_PULLUP || mode == pins::MODE_ANALOG ||
                       mode == pins::MODE_I2C;
  setDirection(pin, !isInput, mode == pins::MODE_PULLUP);
  if (mode == pins::MODE_SERVO) servos::attach(pin);
}

}  // namespace

namespace pins {

void reset() {
  reportedPorts = unreportedPorts = 0;
  analog::reset();
  for (uint8_t pin = FIRST_PIN; pin < PINS; pin++) {
    leaveMode(pin);
    enterMode(pin, pin < FIRST_ANALOG_PIN ? MODE_OUTPUT : MODE_ANALOG);
  }
  watchInputs();
}

bool supports(uint8_t pin, uint8_t mode) {
  if (pin < FIRST_PIN || pin >= PINS) return false;
  switch (mode) {
    case MODE_INPUT:
    case MODE_OUTPUT:
    case MODE_PULLUP:
    case MODE_SERVO:
    case MODE_TONE:
      return true;
    case MODE_ANALOG:
      return pin >= FIRST_ANALOG_PIN;
    case MODE_PWM:
      return pwm::isOn(pin);
    case MODE_I2C:
      return pin == SDA_PIN || pin == SCL_PIN;
    default:
      return false;
  }
}

Mode mode(uint8_t pin) { return modes[pin]; }

uint16_t state(uint8_t pin) {
  const uint8_t port = pin / 8;
  const uint8_t mask = 1 << (pin % 8);
  if ((outputPins[port] | inputPins[port] | pullUpPins[port]) & mask) return states[port] & mask ? 1 : 0;
  return values[pin];
}

void setState(uint8_t pin, uint16_t value) { values[pin] = value; }

bool setMode(uint8_t pin, uint8_t mode) {
  if (!canBe(pin, mode)) return false;
  if (pin >= FIRST_ANALOG_PIN) analog::report(pin - FIRST_ANALOG_PIN, mode == MODE_ANALOG);
  // For an input it is a way to turn the pull-up off that a write turned on.
  if (modes[pin] == mode && mode != MODE_INPUT) return true;
  leaveMode(pin);
  enterMode(pin, Mode(mode));
  watchInputs();
  return true;
}

void writePort(uint8_t port, uint8_t levels) {
  const uint8_t writable = outputPins[port] | inputPins[port];
  const uint8_t pullUps = inputPins[port] & levels & ~states[port];
  setLatches(port, outputPins[port] | pullUps, levels);
  states[port] = (states[port] & ~writable) | (levels & writable);
}

void writePin(uint8_t pin, bool level) {
  const uint8_t port = pin / 8;
  const uint8_t mask = 1 << (pin % 8);
  if (!(outputPins[port] & mask)) return;
  setLatches(port, mask, level ? mask : 0);
  setBit(states[port], mask, level);
}

void writeAnalog(uint8_t pin, uint16_t value) {
  if (pin >= PINS) return;
  if (modes[pin] == MODE_SERVO) {
    servos::write(pin, value);
    values[pin] = value;
  } else if (modes[pin] == MODE_PWM && canBe(pin, MODE_PWM)) {
    values[pin] = value > 255 ? 255 : value;
    pwm::write(pin, values[pin]);
  }
}

uint8_t outputs(uint8_t port) { return latch(port) & outputPins[port]; }

void report(uint8_t port, bool on) {
  setBit(reportedPorts, 1 << port, on);
  setBit(unreportedPorts, 1 << port, on);
  watchInputs();
  work::leave();
}

void poll() {
  if (!reportedPorts) return;
  for (uint8_t port = 0; port < PORTS; port++) {
    const uint8_t bit = 1 << port;
    if (!(reportedPorts & bit)) continue;
    const uint8_t levels = read(port) & (inputPins[port] | pullUpPins[port]);
    if (levels == sentLevels[port] && !(unreportedPorts & bit)) continue;
    if (serial::room() < serial::MESSAGE_BYTES) return;
    serial::writeMessage(DIGITAL_MESSAGE | port, levels);
    sentLevels[port] = levels;
    unreportedPorts &= ~bit;
  }
}

}  // namespace pins
