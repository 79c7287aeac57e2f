// One I2C transfer from beginning to end: telling the register, pausing, reading or writing, giving the bus up.
#pragma once
#include <avr/pgmspace.h>
#include <stdint.h>

namespace transfer {

const uint16_t NO_REGISTER = 0xffff;

struct Request {
  uint8_t address;
  bool isRead;
  bool restarts;  // keeps the bus between telling the register and reading
  uint16_t registerNumber;
  uint8_t count;
};

enum State : uint8_t { IDLE, RUNNING, FINISHED };

/** Time between telling a device the register and reading it. */
void setReadDelayUs(uint16_t delayUs);

/** Begins a transfer, of these bytes if it writes. Only while idle. */
void begin(const Request &request, const uint8_t *bytes);

/** Goes on as far as it can without waiting, and gives up what takes too long. */
State poll();

/** What was begun last. */
const Request &request();

/** Of a finished transfer: why it failed, or null. */
PGM_P failure();

/** Of a finished transfer: bytes read, which twi::received() gives. */
uint8_t receivedCount();

/** Makes a finished transfer idle; one that runs is given up. */
void end();

}  // namespace transfer
