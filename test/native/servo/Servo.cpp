#include "Servo.h"

// Timer1 at clk/8: two ticks a microsecond, a frame of 20 ms in 40 000 ticks.
static const uint16_t FRAME_TICKS = 40000;

static volatile int8_t pulsedPin = -1;
static volatile uint16_t pulseTicks = 3000;

ISR(TIMER1_COMPA_vect) {
  const int8_t pin = pulsedPin;
  if (pin >= 0) digitalWrite(pin, LOW);
}

ISR(TIMER1_OVF_vect) {
  const int8_t pin = pulsedPin;
  if (pin < 0) return;
  digitalWrite(pin, HIGH);
  OCR1A = pulseTicks;
}

uint8_t Servo::attach(int pin, int minUs, int maxUs) {
  pin_ = pin;
  minUs_ = minUs;
  maxUs_ = maxUs;
  pinMode(pin, OUTPUT);
  noInterrupts();
  pulsedPin = pin;
  ICR1 = FRAME_TICKS - 1;
  TCCR1A = _BV(WGM11);
  TCCR1B = _BV(WGM13) | _BV(WGM12) | _BV(CS11);
  OCR1A = pulseTicks;
  TIMSK1 = _BV(OCIE1A) | _BV(TOIE1);
  interrupts();
  return pin;
}

void Servo::detach() {
  if (pulsedPin == pin_) pulsedPin = -1;
  if (pin_ >= 0) digitalWrite(pin_, LOW);
  pin_ = -1;
}

void Servo::write(int value) {
  const int us = value < MIN_PULSE_WIDTH ? map(constrain(value, 0, 180), 0, 180, minUs_, maxUs_)
                                         : constrain(value, minUs_, maxUs_);
  noInterrupts();
  pulseTicks = us * 2;
  interrupts();
}
