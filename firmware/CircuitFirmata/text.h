// Sentences for the host, sent as Firmata string messages: what was refused and why.
#pragma once
#include <avr/pgmspace.h>
#include <stdint.h>

namespace text {

/** Puts a sentence together from parts and sends it. */
class Line {
 public:
  Line &put(PGM_P part);
  Line &put(uint16_t number);
  Line &putHex(uint8_t number);

  /** Sends it whole, or returns false where the line has no room: complaints never hold anything up. */
  bool send();

 private:
  static const uint8_t LONGEST = 56;  // our longest sentence; 115 bytes on the wire
  char characters_[LONGEST];
  uint8_t length_ = 0;

  void add(char character) {
    if (length_ < LONGEST) characters_[length_++] = character;
  }
};

/** "pin 9: <why>". */
void refusePin(uint8_t pin, PGM_P why);

/** "sysex 0x70: <why>". */
void refuseSysex(uint8_t command, PGM_P why);

}  // namespace text
