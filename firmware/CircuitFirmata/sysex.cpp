// https://github.com/firmata/protocol: protocol.md, i2c.md, servos.md; our own commands: ../README.md
#include "sysex.h"

#include <avr/pgmspace.h>

#include "chip.h"
#include "i2c.h"
#include "options.h"
#include "pins.h"
#include "samples.h"
#include "serial.h"
#include "servos.h"
#include "sound.h"
#include "text.h"

namespace {

const uint8_t START_SYSEX = 0xf0;
const uint8_t END_SYSEX = 0xf7;

// 0x01 to 0x0f are a firmware's own.
const uint8_t OPTION = 0x01;
const uint8_t TONE = 0x02;
const uint8_t ANALOG_MAPPING_QUERY = 0x69;
const uint8_t ANALOG_MAPPING_RESPONSE = 0x6a;
const uint8_t CAPABILITY_QUERY = 0x6b;
const uint8_t CAPABILITY_RESPONSE = 0x6c;
const uint8_t PIN_STATE_QUERY = 0x6d;
const uint8_t PIN_STATE_RESPONSE = 0x6e;
const uint8_t EXTENDED_ANALOG = 0x6f;
const uint8_t SERVO_CONFIG = 0x70;
const uint8_t STRING_DATA = 0x71;
const uint8_t I2C_REQUEST = 0x76;
const uint8_t I2C_CONFIG = 0x78;
const uint8_t REPORT_FIRMWARE = 0x79;
const uint8_t SAMPLING_INTERVAL = 0x7a;

const uint8_t FIRMWARE_MAJOR = 1;
const uint8_t FIRMWARE_MINOR = 1;
const char FIRMWARE_NAME[] PROGMEM = "CircuitFirmata.ino";

const uint8_t NOT_ANALOG = 127;
const uint8_t END_OF_PIN = 127;

uint16_t get14(const uint8_t *data) { return data[0] | uint16_t(data[1]) << 7; }

uint32_t get21(const uint8_t *data) { return get14(data) | uint32_t(data[2]) << 14; }

void setOption(const uint8_t *data, uint8_t length) { options::execute(data, length); }

void playTone(const uint8_t *data, uint8_t length) {
  if (length == 1) {
    sound::silence(data[0]);
  } else if (length == 7) {
    sound::start(data[0], get21(data + 1), get21(data + 4));
  } else {
    text::refuseSysex(TONE, PSTR("takes 1 or 7 bytes"));
  }
}

void sendAnalogMapping(const uint8_t *, uint8_t) {
  serial::write(START_SYSEX);
  serial::write(ANALOG_MAPPING_RESPONSE);
  for (uint8_t pin = 0; pin < chip::PINS; pin++) {
    serial::write(pin < chip::FIRST_ANALOG_PIN ? NOT_ANALOG : pin - chip::FIRST_ANALOG_PIN);
  }
  serial::write(END_SYSEX);
}

// Pairs of a mode and its resolution, in bits where it has any. A tone's are those of its hertz.
const uint8_t CAPABILITIES[][2] PROGMEM = {
  {pins::MODE_INPUT, 1}, {pins::MODE_PULLUP, 1}, {pins::MODE_OUTPUT, 1}, {pins::MODE_ANALOG, 10},
  {pins::MODE_PWM, 8},   {pins::MODE_SERVO, 14}, {pins::MODE_I2C, 1},    {pins::MODE_TONE, 13},
};

void sendCapabilities(const uint8_t *, uint8_t) {
  serial::write(START_SYSEX);
  serial::write(CAPABILITY_RESPONSE);
  for (uint8_t pin = 0; pin < chip::PINS; pin++) {
    for (const uint8_t(&capability)[2] : CAPABILITIES) {
      const uint8_t mode = pgm_read_byte(&capability[0]);
      if (!pins::supports(pin, mode)) continue;
      serial::write(mode);
      serial::write(pgm_read_byte(&capability[1]));
    }
    serial::write(END_OF_PIN);
  }
  serial::write(END_SYSEX);
}

void sendPinState(const uint8_t *data, uint8_t) {
  const uint8_t pin = data[0];
  if (pin >= chip::PINS) {
    text::refusePin(pin, PSTR("there is none, the last is 19"));
    return;
  }
  const uint16_t state = pins::state(pin);
  serial::write(START_SYSEX);
  serial::write(PIN_STATE_RESPONSE);
  serial::write(pin);
  serial::write(pins::mode(pin));
  serial::write(state & 0x7f);
  if (state >> 7) serial::write((state >> 7) & 0x7f);
  if (state >> 14) serial::write(state >> 14);
  serial::write(END_SYSEX);
}

void writeExtendedAnalog(const uint8_t *data, uint8_t length) {
  // Any number of bits may follow; whatever needs more than 16 is more than any pin takes.
  uint16_t value = data[1];
  if (length > 2) value |= uint16_t(data[2]) << 7;
  if (length > 3) value |= uint16_t(data[3]) << 14;
  pins::writeAnalog(data[0], value);
}

void configureServo(const uint8_t *data, uint8_t) {
  servos::configure(data[0], get14(data + 1), get14(data + 3));
}

void ignore(const uint8_t *, uint8_t) {}

void requestI2c(const uint8_t *data, uint8_t length) { i2c::request(data, length); }

void configureI2c(const uint8_t *data, uint8_t length) { i2c::begin(length > 1 ? get14(data) : 0); }

void sendFirmwareReport(const uint8_t *, uint8_t) { sysex::sendFirmware(); }

void setInterval(const uint8_t *data, uint8_t) { samples::setIntervalMs(get14(data)); }

struct Command {
  uint8_t id;
  uint8_t leastData;
  void (*run)(const uint8_t *data, uint8_t length);
};

const Command COMMANDS[] PROGMEM = {
  {OPTION, 2, setOption},
  {TONE, 1, playTone},
  {ANALOG_MAPPING_QUERY, 0, sendAnalogMapping},
  {CAPABILITY_QUERY, 0, sendCapabilities},
  {PIN_STATE_QUERY, 1, sendPinState},
  {EXTENDED_ANALOG, 2, writeExtendedAnalog},
  {SERVO_CONFIG, 5, configureServo},
  {STRING_DATA, 0, ignore},  // text for the board's eyes, and it has none
  {I2C_REQUEST, 2, requestI2c},
  {I2C_CONFIG, 0, configureI2c},
  {REPORT_FIRMWARE, 0, sendFirmwareReport},
  {SAMPLING_INTERVAL, 2, setInterval},
};

}  // namespace

namespace sysex {

void execute(uint8_t id, const uint8_t *data, uint8_t length) {
  for (const Command &stored : COMMANDS) {
    Command command;
    memcpy_P(&command, &stored, sizeof command);
    if (command.id != id) continue;
    if (length < command.leastData) {
      text::refuseSysex(id, PSTR("cut short"));
    } else {
      command.run(data, length);
    }
    return;
  }
  text::refuseSysex(id, PSTR("unknown here"));
}

// firmata-io sends the delay of an I2C_CONFIG in bytes of eight bits.
bool takesEightBits(uint8_t command, uint8_t length, uint8_t byte) {
  return length > 0 && command == I2C_CONFIG && byte < START_SYSEX;
}

void sendFirmware() {
  serial::write(START_SYSEX);
  serial::write(REPORT_FIRMWARE);
  serial::write(FIRMWARE_MAJOR);
  serial::write(FIRMWARE_MINOR);
  for (PGM_P c = FIRMWARE_NAME; pgm_read_byte(c); c++) serial::write14(pgm_read_byte(c));
  serial::write(END_SYSEX);
}

}  // namespace sysex
