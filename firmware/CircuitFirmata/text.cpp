#include "text.h"

#include "serial.h"

namespace text {

static const uint8_t START_SYSEX = 0xf0;
static const uint8_t STRING_DATA = 0x71;
static const uint8_t END_SYSEX = 0xf7;

Line &Line::put(PGM_P part) {
  for (char c = pgm_read_byte(part); c; c = pgm_read_byte(++part)) add(c);
  return *this;
}

Line &Line::put(uint16_t number) {
  char digits[5];
  uint8_t count = 0;
  do {
    digits[count++] = '0' + number % 10;
    number /= 10;
  } while (number);
  while (count) add(digits[--count]);
  return *this;
}

static char hexDigit(uint8_t value) { return value < 10 ? '0' + value : 'a' - 10 + value; }

Line &Line::putHex(uint8_t number) {
  add('0');
  add('x');
  add(hexDigit(number >> 4));
  add(hexDigit(number & 0x0f));
  return *this;
}

bool Line::send() {
  if (serial::room() < 3 + 2 * length_) return false;
  serial::write(START_SYSEX);
  serial::write(STRING_DATA);
  for (uint8_t i = 0; i < length_; i++) serial::write14(characters_[i]);
  serial::write(END_SYSEX);
  return true;
}

void refusePin(uint8_t pin, PGM_P why) {
  Line().put(PSTR("pin ")).put(pin).put(PSTR(": ")).put(why).send();
}

void refuseSysex(uint8_t command, PGM_P why) {
  Line().put(PSTR("sysex ")).putHex(command).put(PSTR(": ")).put(why).send();
}

}  // namespace text
