// The pins: what each is used as, digital writes, and reports of inputs that change.
#pragma once
#include <stdint.h>

namespace pins {

// Modes as numbered by the Firmata protocol.
enum Mode : uint8_t {
  MODE_INPUT = 0x00,
  MODE_OUTPUT = 0x01,
  MODE_ANALOG = 0x02,
  MODE_PWM = 0x03,
  MODE_SERVO = 0x04,
  MODE_I2C = 0x06,
  MODE_PULLUP = 0x0b,
  MODE_TONE = 0x0e,
};

/** As after power-up: analog pins read, the others are outputs and low, nothing is reported. */
void reset();

bool supports(uint8_t pin, uint8_t mode);

Mode mode(uint8_t pin);

/**
 * The pin state of the protocol: what was last written (level, duty, angle, hertz), or for an input whether its
 * pull-up is on.
 */
uint16_t state(uint8_t pin);

/** Sets the state of a pin whose mode is neither input nor output; those follow from what is written to them. */
void setState(uint8_t pin, uint16_t value);

/**
 * Puts a pin to a use, ending the one it had. The use that it has already is left alone. What it cannot do is
 * refused with a message, and nothing changes.
 *
 * @returns Whether the pin is in that mode now.
 */
bool setMode(uint8_t pin, uint8_t mode);

/** Writes the outputs of a port; a 1 for an input turns its pull-up on, as StandardFirmata does. */
void writePort(uint8_t port, uint8_t levels);

/** Writes an output; any other pin is left alone. */
void writePin(uint8_t pin, bool level);

/** PWM duty, or a servo's degrees or microseconds, as the pin's mode has it; any other pin is left alone. */
void writeAnalog(uint8_t pin, uint16_t value);

/** Levels of a port's outputs, 0 for all other pins. */
uint8_t outputs(uint8_t port);

/** Reports a port now and then at each change of its inputs, or stops it. */
void report(uint8_t port, bool on);

/** Sends what changed. */
void poll();

}  // namespace pins
