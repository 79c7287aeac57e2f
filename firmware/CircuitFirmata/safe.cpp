#include "safe.h"

#include <avr/pgmspace.h>

#include "chip.h"
#include "options.h"
#include "pins.h"
#include "silence.h"
#include "sound.h"
#include "text.h"

namespace {

enum Action : uint8_t { LOW_OUTPUT, HIGH_OUTPUT, INPUT_PIN, ACTIONS, NONE = 0xff };

// A host keeps it alive three times as often, through a USB chip that may hold a byte back for 16 ms.
const uint16_t SHORTEST_MS = 100;

uint16_t limitMs;  // 0 while disarmed
uint8_t actions[chip::PINS];

bool canBe(uint8_t pin, uint8_t action) {
  PGM_P why;
  if (pin >= chip::PINS) {
    why = PSTR("there is none, the last is 19");
  } else if (pin < chip::FIRST_PIN) {
    why = PSTR("it is the serial line");
  } else if (action >= ACTIONS) {
    why = PSTR("no such safe state");
  } else {
    return true;
  }
  text::refusePin(pin, why);
  return false;
}

void go(uint8_t pin, uint8_t action) {
  pins::setMode(pin, action == INPUT_PIN ? pins::MODE_INPUT : pins::MODE_OUTPUT);
  pins::writePin(pin, action == HIGH_OUTPUT);
}

}  // namespace

namespace safe {

bool arm(uint16_t afterMs, const uint8_t *pairs, uint8_t count) {
  if (afterMs && afterMs < SHORTEST_MS) {
    text::Line().put(PSTR("safe: ")).put(afterMs).put(PSTR(" ms are too few, 100 to 16383 work")).send();
    return false;
  }
  for (uint8_t i = 0; i < count; i++) {
    if (!canBe(pairs[2 * i], pairs[2 * i + 1])) return false;
  }
  disarm();
  for (uint8_t i = 0; i < count; i++) actions[pairs[2 * i]] = pairs[2 * i + 1];
  limitMs = afterMs;
  return true;
}

void disarm() {
  limitMs = 0;
  for (uint8_t &action : actions) action = NONE;
}

void poll() {
  if (!limitMs || silence::ms() < limitMs) return;
  sound::silenceAll();
  for (uint8_t pin = chip::FIRST_PIN; pin < chip::PINS; pin++) {
    if (actions[pin] != NONE) go(pin, actions[pin]);
  }
  disarm();
  options::sendTripped();
}

}  // namespace safe
