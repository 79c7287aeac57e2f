// What is asked for: https://github.com/firmata/protocol/blob/master/i2c.md
#include "i2c.h"

#include <avr/pgmspace.h>

#include "chip.h"
#include "pins.h"
#include "serial.h"
#include "text.h"
#include "transfer.h"
#include "twi.h"

using transfer::NO_REGISTER;
using transfer::Request;

namespace {

const uint8_t START_SYSEX = 0xf0;
const uint8_t I2C_REPLY = 0x77;
const uint8_t END_SYSEX = 0xf7;

// Bits of a request's second byte.
const uint8_t RESTART = 0x40;
const uint8_t TEN_BIT_ADDRESS = 0x20;
const uint8_t KIND = 0x18;

enum Kind : uint8_t { WRITE = 0x00, READ = 0x08, READ_CONTINUOUSLY = 0x10, STOP_READING = 0x18 };

const uint8_t MOST_WRITTEN = 31;  // what fits in a sysex

// At 57 600 baud a request of a few bytes takes over a millisecond, in which the bus is done with the one before; from a
// fast line no more is taken until there is room.
const uint8_t MOST_WAITING = 4;
const uint8_t MOST_CONTINUOUS = 8;  // as StandardFirmata

struct Waiting {
  Request request;
  uint8_t bytes[MOST_WRITTEN];
};

struct Continuous {
  Request request;
  bool isDue;
  bool hasFailed;  // said so once, and not again until it answers
};

bool isOn;
Waiting waiting[MOST_WAITING];
uint8_t firstWaiting;
uint8_t waitingCount;
Continuous continuous[MOST_CONTINUOUS];
uint8_t continuousCount;
Continuous *current;  // of the transfer that runs; null if it is one that is done once

uint16_t get14(const uint8_t *data) { return data[0] | uint16_t(data[1]) << 7; }

void refuse(uint8_t address, PGM_P why) {
  text::Line().put(PSTR("I2C ")).putHex(address).put(PSTR(": ")).put(why).send();
}

void beginNext() {
  current = 0;
  if (waitingCount) {
    const Waiting &next = waiting[firstWaiting];
    firstWaiting = (firstWaiting + 1) % MOST_WAITING;
    waitingCount--;
    transfer::begin(next.request, next.bytes);
    return;
  }
  for (uint8_t i = 0; i < continuousCount; i++) {
    if (!continuous[i].isDue) continue;
    current = &continuous[i];
    current->isDue = false;
    transfer::begin(current->request, 0);
    return;
  }
}

void sendReply(const Request &request) {
  serial::write(START_SYSEX);
  serial::write(I2C_REPLY);
  serial::write14(request.address);
  serial::write14(request.registerNumber == NO_REGISTER ? 0 : request.registerNumber);
  for (uint8_t i = 0; i < transfer::receivedCount(); i++) serial::write14(twi::received(i));
  serial::write(END_SYSEX);
}

/** A read that failed is answered without data, as StandardFirmata does, so that the host's waiters go on. */
void finishOnce() {
  const Request &request = transfer::request();
  if (transfer::failure()) refuse(request.address, transfer::failure());
  if (request.isRead) sendReply(request);
}

void finishContinuous(Continuous &reading) {
  const bool failed = transfer::failure();
  if (!failed) {
    sendReply(reading.request);
  } else if (!reading.hasFailed) {
    refuse(reading.request.address, transfer::failure());
  }
  reading.hasFailed = failed;
}

void finish() {
  if (serial::room() < 7 + 2 * transfer::receivedCount()) return;
  if (current) {
    finishContinuous(*current);
  } else {
    finishOnce();
  }
  transfer::end();
}

/** A place in the queue, or null, which was complained about. */
Waiting *queue(const Request &request) {
  if (waitingCount == MOST_WAITING) {
    refuse(request.address, PSTR("4 requests wait already"));
    return 0;
  }
  Waiting *const place = &waiting[(firstWaiting + waitingCount) % MOST_WAITING];
  place->request = request;
  waitingCount++;
  return place;
}

void write(Request &request, const uint8_t *data, uint8_t length) {
  request.count = length / 2;
  Waiting *const place = queue(request);
  if (!place) return;
  for (uint8_t i = 0; i < request.count; i++) place->bytes[i] = get14(data + 2 * i);
}

void read(Request &request, Kind kind, const uint8_t *data, uint8_t length) {
  request.isRead = true;
  if (length >= 4) {
    request.registerNumber = get14(data);
    data += 2;
  }
  const uint16_t count = length >= 2 ? get14(data) : 0;
  if (count == 0 || count > twi::MOST_BYTES) {
    refuse(request.address, PSTR("reads are of 1 to 64 bytes"));
    return;
  }
  request.count = count;
  if (kind == READ) {
    queue(request);
  } else if (continuousCount == MOST_CONTINUOUS) {
    refuse(request.address, PSTR("8 are read continuously already"));
  } else {
    continuous[continuousCount++] = {request, true, false};
  }
}

void stopReading(uint8_t address) {
  uint8_t kept = 0;
  for (uint8_t i = 0; i < continuousCount; i++) {
    if (continuous[i].request.address != address) continuous[kept++] = continuous[i];
  }
  continuousCount = kept;
  current = 0;  // places have moved: what runs now is answered as if asked for once
}

}  // namespace

namespace i2c {

void begin(uint16_t readDelayUs) {
  transfer::setReadDelayUs(readDelayUs);
  if (isOn) return;
  if (!pins::setMode(chip::SDA_PIN, pins::MODE_I2C) || !pins::setMode(chip::SCL_PIN, pins::MODE_I2C)) return;
  isOn = true;
  twi::begin();
}

void end() {
  if (!isOn) return;
  isOn = false;
  twi::end();
  transfer::end();
  waitingCount = continuousCount = 0;
}

void request(const uint8_t *data, uint8_t length) {
  Request request = {};
  request.address = data[0];
  request.restarts = data[1] & RESTART;
  request.registerNumber = NO_REGISTER;
  const Kind kind = Kind(data[1] & KIND);
  if (!isOn) {
    refuse(request.address, PSTR("configure I2C first"));
  } else if (data[1] & TEN_BIT_ADDRESS) {
    refuse(request.address, PSTR("no 10-bit addresses"));
  } else if (kind == WRITE) {
    write(request, data + 2, length - 2);
  } else if (kind == STOP_READING) {
    stopReading(request.address);
  } else {
    read(request, kind, data + 2, length - 2);
  }
}

bool isFull() { return waitingCount == MOST_WAITING; }

void sample() {
  for (uint8_t i = 0; i < continuousCount; i++) continuous[i].isDue = true;
}

void poll() {
  if (!isOn) return;
  if (transfer::poll() == transfer::FINISHED) finish();
  if (transfer::poll() == transfer::IDLE) beginNext();
}

}  // namespace i2c
