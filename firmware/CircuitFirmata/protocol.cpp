// Messages and numbers: https://github.com/firmata/protocol/blob/master/protocol.md
#include "protocol.h"

#include <avr/pgmspace.h>

#include "analog.h"
#include "chip.h"
#include "echo.h"
#include "i2c.h"
#include "pins.h"
#include "safe.h"
#include "samples.h"
#include "serial.h"
#include "silence.h"
#include "sysex.h"
#include "text.h"
#include "work.h"

namespace {

const uint8_t ANALOG_MESSAGE = 0xe0;
const uint8_t DIGITAL_MESSAGE = 0x90;
const uint8_t REPORT_ANALOG = 0xc0;
const uint8_t REPORT_DIGITAL = 0xd0;
const uint8_t START_SYSEX = 0xf0;
const uint8_t SET_PIN_MODE = 0xf4;
const uint8_t SET_PIN_VALUE = 0xf5;
const uint8_t END_SYSEX = 0xf7;
const uint8_t REPORT_VERSION = 0xf9;
const uint8_t SYSTEM_RESET = 0xff;

const uint8_t VERSION_MAJOR = 2;
const uint8_t VERSION_MINOR = 6;

// StandardFirmata's own limit, and so what hosts keep to. An I2C write of 31 bytes fits.
const uint8_t MOST_SYSEX_DATA = 64;

// A fast line may bring more without end: everything else has its turn after so many.
const uint8_t MOST_BYTES_A_PASS = 64;

// More than a host may have on the way unanswered. One that sends more all the same must not lose bytes to a bus that
// hangs: it loses requests.
const uint8_t MOST_BYTES_HELD_UP = 224;

// The message being received: a command with its data, or a sysex.
uint8_t command;
uint8_t data[1 + MOST_SYSEX_DATA];
uint8_t length;
uint8_t expected;  // data bytes that the command takes
bool inSysex;
bool isTooLong;

void writePort(uint8_t port, uint8_t levels) {
  if (port >= chip::PORTS) {
    text::Line().put(PSTR("port ")).put(port).put(PSTR(": there is none, the last is 2")).send();
    return;
  }
  pins::writePort(port, levels);
  echo::written(port);
}

void writePin(uint8_t pin, bool level) {
  if (pin >= chip::PINS) {
    text::refusePin(pin, PSTR("there is none, the last is 19"));
    return;
  }
  pins::writePin(pin, level);
  echo::written(pin / 8);
}

void execute() {
  const uint8_t channel = command & 0x0f;
  const uint16_t value = data[0] | uint16_t(data[1]) << 7;
  switch (command < START_SYSEX ? command & 0xf0 : command) {
    case DIGITAL_MESSAGE:
      writePort(channel, value);
      break;
    case ANALOG_MESSAGE:
      pins::writeAnalog(channel, value);
      break;
    case REPORT_DIGITAL:
      if (channel < chip::PORTS) pins::report(channel, data[0]);
      break;
    case REPORT_ANALOG:
      analog::report(channel, data[0]);
      break;
    case SET_PIN_MODE:
      pins::setMode(data[0], data[1]);
      break;
    case SET_PIN_VALUE:
      writePin(data[0], data[1]);
      break;
  }
}

uint8_t dataOf(uint8_t status) {
  switch (status < START_SYSEX ? status & 0xf0 : status) {
    case DIGITAL_MESSAGE:
    case ANALOG_MESSAGE:
    case SET_PIN_MODE:
    case SET_PIN_VALUE:
      return 2;
    case REPORT_DIGITAL:
    case REPORT_ANALOG:
      return 1;
    default:
      return 0;  // what follows is skipped up to the next status byte
  }
}

void sendVersion() {
  serial::write(REPORT_VERSION);
  serial::write(VERSION_MAJOR);
  serial::write(VERSION_MINOR);
}

/** A byte with its highest bit set ends whatever was going on: that is how the parser finds its way again. */
void begin(uint8_t status) {
  length = 0;
  inSysex = status == START_SYSEX;
  isTooLong = false;
  command = status;
  expected = dataOf(status);
  if (status == REPORT_VERSION) sendVersion();
  if (status == SYSTEM_RESET) protocol::reset();
}

void endSysex() {
  inSysex = false;
  if (length == 0) return;
  if (isTooLong) {
    text::refuseSysex(data[0], PSTR("longer than 64 bytes"));
  } else {
    sysex::execute(data[0], data + 1, length - 1);
  }
}

void takeSysexByte(uint8_t byte) {
  if (length == sizeof data) {
    isTooLong = true;
  } else {
    data[length++] = byte;
  }
}

void take(uint8_t byte) {
  if (inSysex && byte == END_SYSEX) {
    endSysex();
  } else if (inSysex && (byte < 0x80 || sysex::takesEightBits(data[0], length, byte))) {
    takeSysexByte(byte);
  } else if (byte >= 0x80) {
    begin(byte);
  } else if (length < expected) {
    data[length++] = byte;
    if (length == expected) {
      execute();
      expected = 0;
    }
  }
}

/** Whether what was received has to wait for what was executed: for its echoes, or for the I2C bus. */
bool isHeldUp() {
  return echo::isBehind() || (i2c::isFull() && serial::available() < MOST_BYTES_HELD_UP);
}

}  // namespace

namespace protocol {

void reset() {
  echo::turn(false);
  safe::disarm();
  pins::reset();
  samples::reset();
  length = expected = 0;
  inSysex = false;
}

void greet() {
  sendVersion();
  sysex::sendFirmware();
}

void poll() {
  if (serial::hasHeard()) silence::broken();
  for (uint8_t left = MOST_BYTES_A_PASS; serial::isAvailable() && !isHeldUp(); left--) {
    if (left == 0) {
      work::leave();
      return;
    }
    take(serial::read());
  }
}

}  // namespace protocol
