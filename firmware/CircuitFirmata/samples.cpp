#include "samples.h"

#include <Arduino.h>

namespace {

const uint16_t DEFAULT_INTERVAL_MS = 19;

uint16_t wantedMs;
uint16_t lastMs;

}  // namespace

namespace samples {

void reset() { wantedMs = DEFAULT_INTERVAL_MS; }

void setIntervalMs(uint16_t intervalMs) { wantedMs = intervalMs ? intervalMs : 1; }

bool isDue() {
  const uint16_t nowMs = millis();
  if (uint16_t(nowMs - lastMs) < wantedMs) return false;
  lastMs = nowMs;
  return true;
}

}  // namespace samples
