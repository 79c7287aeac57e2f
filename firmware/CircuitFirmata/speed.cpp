#include "speed.h"

#include <Arduino.h>

#include "serial.h"
#include "silence.h"

namespace {

// A ping of five bytes takes 0.1 ms; the rest is for the host's switch, and its USB chip's.
const uint16_t TRIAL_MS = 250;

// The host pings three times as often, at least.
const uint16_t LONGEST_SILENCE_MS = 3000;

uint8_t current = serial::BAUD_57600;
bool isOnTrial;
uint16_t changedMs;

bool hasFailed() {
  if (serial::wasMisframed() || silence::ms() >= LONGEST_SILENCE_MS) return true;
  return isOnTrial && uint16_t(millis()) - changedMs >= TRIAL_MS;
}

}  // namespace

namespace speed {

void change(uint8_t code) {
  serial::setSpeed(serial::Speed(code));
  serial::wasMisframed();
  current = code;
  isOnTrial = true;
  changedMs = millis();
}

void proven() { isOnTrial = false; }

void poll() {
  if (current == serial::BAUD_57600 || !hasFailed()) return;
  serial::dropToSpeed(serial::BAUD_57600);
  current = serial::BAUD_57600;
}

}  // namespace speed
