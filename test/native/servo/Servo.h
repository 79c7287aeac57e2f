// The part of Arduino's Servo library that StandardFirmata calls, for building it in tests: Debian packages no
// Servo library. One servo at a time gets pulses, from Timer1's compare A, which is all a test needs.
#pragma once
#include <Arduino.h>

#define MAX_SERVOS 12
#define MIN_PULSE_WIDTH 544
#define MAX_PULSE_WIDTH 2400

class Servo {
 public:
  uint8_t attach(int pin, int minUs = MIN_PULSE_WIDTH, int maxUs = MAX_PULSE_WIDTH);
  void detach();
  /** An angle in degrees below MIN_PULSE_WIDTH, microseconds from there on. */
  void write(int value);
  bool attached() const { return pin_ >= 0; }

 private:
  int pin_ = -1;
  int minUs_ = MIN_PULSE_WIDTH;
  int maxUs_ = MAX_PULSE_WIDTH;
};
