#include "silence.h"

#include <Arduino.h>

namespace {

uint16_t sinceMs;

}  // namespace

namespace silence {

void broken() { sinceMs = millis(); }

uint16_t ms() { return uint16_t(millis()) - sinceMs; }

}  // namespace silence
