// ../README.md, "Our own messages"
#include "options.h"

#include <avr/pgmspace.h>

#include "echo.h"
#include "safe.h"
#include "serial.h"
#include "speed.h"
#include "text.h"

namespace {

const uint8_t START_SYSEX = 0xf0;
const uint8_t OPTION = 0x01;
const uint8_t END_SYSEX = 0xf7;

enum Option : uint8_t { ECHO = 1, PING = 2, SPEED = 3, SAFE = 4, TRIPPED = 5 };

/** What was executed before is echoed before. */
void answer(uint8_t option, uint8_t value) {
  echo::finish();
  serial::write(START_SYSEX);
  serial::write(OPTION);
  serial::write(option);
  serial::write(value);
  serial::write(END_SYSEX);
}

void changeSpeed(uint8_t code) {
  if (code >= serial::SPEEDS) {
    text::refuseSysex(OPTION, PSTR("no such speed"));
    return;
  }
  answer(SPEED, code);
  speed::change(code);
}

void arm(const uint8_t *data, uint8_t length) {
  if (length < 2 || length % 2) {
    text::refuseSysex(OPTION, PSTR("cut short"));
    return;
  }
  const uint16_t afterMs = data[0] | uint16_t(data[1]) << 7;
  const uint8_t count = afterMs ? length / 2 - 1 : 0;
  if (safe::arm(afterMs, data + 2, count)) answer(SAFE, count);
}

}  // namespace

namespace options {

void execute(const uint8_t *data, uint8_t length) {
  switch (data[0]) {
    case ECHO:
      // The answer parts what was counted before from what is counted now.
      echo::finish();
      echo::turn(data[1]);
      answer(ECHO, data[1]);
      break;
    case PING:
      speed::proven();
      answer(PING, data[1]);
      break;
    case SPEED:
      changeSpeed(data[1]);
      break;
    case SAFE:
      arm(data + 1, length - 1);
      break;
    default:
      text::refuseSysex(OPTION, PSTR("no such option"));
  }
}

void sendTripped() {
  serial::write(START_SYSEX);
  serial::write(OPTION);
  serial::write(TRIPPED);
  serial::write(END_SYSEX);
}

}  // namespace options
