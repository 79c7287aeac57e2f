#include "transfer.h"

#include <Arduino.h>

#include "twi.h"
#include "work.h"

namespace {

// 64 bytes take 6 ms; the rest is for devices that hold the clock, and for the longest pause of 16 ms.
const uint16_t LONGEST_MS = 25;

enum Step : uint8_t { NONE, SENDING_REGISTER, PAUSING, MOVING_DATA, STOPPING, DONE };

Step step;
transfer::Request current;
uint16_t readDelayUs;
uint16_t startedMs;
uint16_t pauseStartedUs;
PGM_P reason;  // null while all is well
uint8_t received;

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

void giveUp() {
  twi::begin();
  reason = PSTR("the bus hangs, gave up");
  step = DONE;
}

void beginPause() {
  if (!current.restarts) twi::stop();
  pauseStartedUs = micros();
  step = PAUSING;
}

void endPause() {
  if (!current.restarts && twi::isStopping()) return;
  if (uint16_t(micros() - pauseStartedUs) < readDelayUs) return;
  step = MOVING_DATA;
  twi::read(current.address, current.count);
}

void endMove(twi::Outcome outcome) {
  if (outcome == twi::RUNNING) return;
  if (outcome == twi::DONE && step == SENDING_REGISTER) {
    beginPause();
    return;
  }
  if (outcome != twi::DONE) {
    reason = wordsFor(outcome);
  } else if (current.isRead) {
    received = current.count;
  }
  twi::stop();
  step = STOPPING;
}

void advance() {
  switch (step) {
    case SENDING_REGISTER:
    case MOVING_DATA:
      endMove(twi::outcome());
      break;
    case PAUSING:
      endPause();
      break;
    case STOPPING:
      if (!twi::isStopping()) step = DONE;
      break;
    default:
      break;
  }
}

}  // namespace

namespace transfer {

void setReadDelayUs(uint16_t delayUs) { readDelayUs = delayUs; }

void begin(const Request &request, const uint8_t *bytes) {
  current = request;
  reason = 0;
  received = 0;
  startedMs = millis();
  if (!request.isRead) {
    step = MOVING_DATA;
    twi::write(request.address, bytes, request.count);
  } else if (request.registerNumber != NO_REGISTER) {
    step = SENDING_REGISTER;
    const uint8_t number = request.registerNumber;
    twi::write(request.address, &number, 1);
  } else {
    step = MOVING_DATA;
    twi::read(request.address, request.count);
  }
}

State poll() {
  advance();
  if (step == NONE) return IDLE;
  if (step != DONE && uint16_t(millis() - startedMs) > LONGEST_MS) giveUp();
  if (step == DONE) return FINISHED;
  // No interrupt tells the end of a pause or of a stop.
  if (step == PAUSING || step == STOPPING) work::leave();
  return RUNNING;
}

const Request &request() { return current; }

PGM_P failure() { return reason; }

uint8_t receivedCount() { return received; }

void end() { step = NONE; }

}  // namespace transfer
