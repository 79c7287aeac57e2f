#include "echo.h"

#include "pins.h"
#include "serial.h"

namespace {

const uint8_t ECHO_MESSAGE = 0xa0;

// The host sees the count modulo 64 and must never be a whole round behind.
const uint8_t MOST_UNECHOED = 48;

bool isOn;
uint8_t count;
uint8_t unechoed;
uint8_t waitingPorts;  // a bit for each port

void send(uint8_t port) {
  serial::writeMessage(ECHO_MESSAGE | port, pins::outputs(port) | uint16_t(count & 0x3f) << 8);
}

}  // namespace

namespace echo {

void turn(bool on) {
  isOn = on;
  count = unechoed = waitingPorts = 0;
}

void written(uint8_t port) {
  if (!isOn) return;
  count++;
  if (!waitingPorts && serial::room() >= serial::MESSAGE_BYTES) {
    send(port);
    return;
  }
  unechoed++;
  waitingPorts |= 1 << port;
  poll();
}

bool isBehind() { return unechoed >= MOST_UNECHOED; }

void poll() {
  for (uint8_t port = 0; waitingPorts; port++) {
    const uint8_t bit = 1 << port;
    if (!(waitingPorts & bit)) continue;
    if (serial::room() < serial::MESSAGE_BYTES) return;
    send(port);
    waitingPorts &= ~bit;
  }
  unechoed = 0;
}

void finish() {
  while (waitingPorts) {
    serial::awaitRoom(serial::MESSAGE_BYTES);
    poll();
  }
}

}  // namespace echo
