// What is asked for: https://github.com/firmata/protocol/blob/master/i2c.md. How bytes get to the bus: twi.cpp.
#include "i2c.h"

#include <Arduino.h>

#include "chip.h"
#include "pins.h"
#include "serial.h"
#include "text.h"
#include "twi.h"
#include "work.h"

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
const uint8_t MOST_READ = twi::MOST_BYTES;
const uint16_t NO_REGISTER = 0xffff;

// The serial line brings a request of a few bytes in over a millisecond, in which the bus is done with the one before:
// more than a few wait only where a device does not answer.
const uint8_t MOST_WAITING = 4;
const uint8_t MOST_CONTINUOUS = 8;  // as StandardFirmata

// 64 bytes take 6 ms; the rest is for devices that hold the clock.
const uint16_t LONGEST_TRANSFER_MS = 25;

struct Request {
  uint8_t address;
  bool isRead;
  bool restarts;
  uint16_t registerNumber;
  uint8_t count;
};

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
uint16_t readDelayUs;

Waiting waiting[MOST_WAITING];
uint8_t firstWaiting;
uint8_t waitingCount;
Continuous continuous[MOST_CONTINUOUS];
uint8_t continuousCount;

enum Step : uint8_t {
  IDLE,
  SENDING_REGISTER,
  PAUSING,  // for readDelayUs
  TRANSFERRING,
  STOPPING,
  REPLYING,
};

Step step;
Request current;
Continuous *currentContinuous;  // null for a request that is done once
uint16_t startedMs;
uint16_t pauseStartedUs;
PGM_P failure;  // null while all is well
uint8_t received;

void refuse(uint8_t address, PGM_P why) {
  text::Line().put(PSTR("I2C ")).putHex(address).put(PSTR(": ")).put(why).send();
}

void begin(const Request &request, const uint8_t *bytes) {
  current = request;
  failure = 0;
  received = 0;
  startedMs = millis();
  if (!request.isRead) {
    step = TRANSFERRING;
    twi::write(request.address, bytes, request.count);
  } else if (request.registerNumber != NO_REGISTER) {
    step = SENDING_REGISTER;
    const uint8_t number = request.registerNumber;
    twi::write(request.address, &number, 1);
  } else {
    step = TRANSFERRING;
    twi::read(request.address, request.count);
  }
}

void beginNext() {
  if (waitingCount) {
    const Waiting &next = waiting[firstWaiting];
    firstWaiting = (firstWaiting + 1) % MOST_WAITING;
    waitingCount--;
    currentContinuous = 0;
    begin(next.request, next.bytes);
    return;
  }
  for (uint8_t i = 0; i < continuousCount; i++) {
    if (!continuous[i].isDue) continue;
    continuous[i].isDue = false;
    currentContinuous = &continuous[i];
    begin(continuous[i].request, 0);
    return;
  }
}

PGM_P wordsFor(twi::Outcome outcome) {
  switch (outcome) {
    case twi::NO_ANSWER:
      return PSTR("no device answers");
    case twi::REFUSED:
      return PSTR("the device refused a byte");
    default:
      return PSTR("the bus is disturbed");
  }
}

void stopBus() {
  twi::stop();
  step = STOPPING;
}

void giveUp() {
  twi::begin();
  failure = PSTR("the bus hangs, gave up");
  step = REPLYING;
}

void afterRegister() {
  // Without a pause, or with the bus kept, the stop is left to the transfer that follows or comes before it.
  if (!current.restarts) twi::stop();
  pauseStartedUs = micros();
  step = PAUSING;
}

void afterPause() {
  if (!current.restarts && twi::isStopping()) return;
  if (uint16_t(micros() - pauseStartedUs) < readDelayUs) return;
  step = TRANSFERRING;
  twi::read(current.address, current.count);
}

void afterTransfer(twi::Outcome outcome) {
  if (outcome != twi::DONE) {
    failure = wordsFor(outcome);
    stopBus();
  } else if (step == SENDING_REGISTER) {
    afterRegister();
  } else {
    received = current.isRead ? current.count : 0;
    stopBus();
  }
}

void tellFailure() {
  if (!currentContinuous || !currentContinuous->hasFailed) refuse(current.address, failure);
  if (currentContinuous) currentContinuous->hasFailed = true;
}

/** A read that failed is answered without data, as StandardFirmata does: the host's waiters go on. */
void sendReply() {
  serial::write(START_SYSEX);
  serial::write(I2C_REPLY);
  serial::write14(current.address);
  serial::write14(current.registerNumber == NO_REGISTER ? 0 : current.registerNumber);
  for (uint8_t i = 0; i < received; i++) serial::write14(twi::received(i));
  serial::write(END_SYSEX);
}

void reply() {
  if (serial::room() < 7 + 2 * received) return;
  if (failure) {
    tellFailure();
  } else if (currentContinuous) {
    currentContinuous->hasFailed = false;
  }
  if (current.isRead && !(failure && currentContinuous)) sendReply();
  step = IDLE;
}

void advance() {
  switch (step) {
    case IDLE:
      break;
    case SENDING_REGISTER:
    case TRANSFERRING:
      if (twi::outcome() != twi::RUNNING) afterTransfer(twi::outcome());
      break;
    case PAUSING:
      afterPause();
      break;
    case STOPPING:
      if (!twi::isStopping()) step = REPLYING;
      break;
    case REPLYING:
      reply();
      return;
  }
  if (step != IDLE && step != REPLYING && uint16_t(millis() - startedMs) > LONGEST_TRANSFER_MS) giveUp();
}

uint16_t get14(const uint8_t *data) { return data[0] | uint16_t(data[1]) << 7; }

void write(Request &request, const uint8_t *data, uint8_t length) {
  if (waitingCount == MOST_WAITING) {
    refuse(request.address, PSTR("4 requests wait already"));
    return;
  }
  Waiting &place = waiting[(firstWaiting + waitingCount) % MOST_WAITING];
  if (!request.isRead) {
    request.count = length / 2;
    for (uint8_t i = 0; i < request.count; i++) place.bytes[i] = get14(data + 2 * i);
  }
  place.request = request;
  waitingCount++;
}

void read(Request &request, Kind kind, const uint8_t *data, uint8_t length) {
  request.isRead = true;
  request.registerNumber = length >= 4 ? get14(data) : NO_REGISTER;
  const uint16_t count = length >= 4 ? get14(data + 2) : length >= 2 ? get14(data) : 0;
  if (count == 0 || count > MOST_READ) {
    refuse(request.address, PSTR("reads are of 1 to 64 bytes"));
    return;
  }
  request.count = count;
  if (kind == READ) {
    write(request, 0, 0);
  } else if (continuousCount == MOST_CONTINUOUS) {
    refuse(request.address, PSTR("8 are read continuously already"));
  } else {
    continuous[continuousCount++] = {request, true, false};
  }
}

void stopReading(uint8_t address) {
  // One may be under way: it is then like a request done once, and the places move.
  currentContinuous = 0;
  uint8_t kept = 0;
  for (uint8_t i = 0; i < continuousCount; i++) {
    if (continuous[i].request.address != address) continuous[kept++] = continuous[i];
  }
  continuousCount = kept;
}

}  // namespace

namespace i2c {

void begin(uint16_t delayUs) {
  readDelayUs = delayUs;
  if (isOn) return;
  if (!pins::setMode(chip::SDA_PIN, pins::MODE_I2C) || !pins::setMode(chip::SCL_PIN, pins::MODE_I2C)) return;
  isOn = true;
  twi::begin();
}

void end() {
  if (!isOn) return;
  isOn = false;
  twi::end();
  step = IDLE;
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

void sample() {
  for (uint8_t i = 0; i < continuousCount; i++) continuous[i].isDue = true;
}

void poll() {
  if (!isOn) return;
  advance();
  if (step == IDLE) beginNext();
  // No interrupt tells the end of a stop or of a pause.
  if (step == STOPPING || step == PAUSING) work::leave();
}

}  // namespace i2c
