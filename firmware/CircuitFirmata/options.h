// Our own messages about the line between host and board: echo, ping, speed, dead-man.
#pragma once
#include <stdint.h>

namespace options {

/** Executes one, given what follows its sysex command; two bytes at least. */
void execute(const uint8_t *data, uint8_t length);

/** Tells that the dead-man has tripped. */
void sendTripped();

}  // namespace options
