// The sampling interval: how often analog inputs are measured, and I2C devices read continuously.
#pragma once
#include <stdint.h>

namespace samples {

/** 19 ms, as every Firmata begins. */
void reset();

void setIntervalMs(uint16_t intervalMs);

/** True once in each interval. */
bool isDue();

}  // namespace samples
