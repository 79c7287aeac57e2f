// CircuitFirmata: the Firmata protocol for an Arduino Uno or Nano, ready at once, with exact tones.
// What it speaks, and what it adds, is in ../README.md. SPDX-License-Identifier: MIT
#include "analog.h"
#include "chip.h"
#include "echo.h"
#include "i2c.h"
#include "pins.h"
#include "protocol.h"
#include "safe.h"
#include "samples.h"
#include "serial.h"
#include "sound.h"
#include "speed.h"
#include "work.h"

void setup() {
  serial::begin();
  analog::begin();
  protocol::reset();
  protocol::greet();
}

// One pass never waits for anything but room for a long reply. Interrupts leave the next pass its work.
void loop() {
  work::beginPass();
  protocol::poll();
  echo::poll();
  pins::poll();
  if (samples::isDue()) {
    analog::sample();
    i2c::sample();
  }
  analog::poll();
  i2c::poll();
  sound::poll();
  speed::poll();
  serial::poll();
  safe::poll();
  work::sleepUntilMore();
}
