// The protocol's longer messages, and our own among them.
#pragma once
#include <stdint.h>

namespace sysex {

/** Executes a message. Unknown ones and ones cut short are refused by name. */
void execute(uint8_t command, const uint8_t *data, uint8_t length);

/** Whether a byte with its highest bit set belongs to a message of which `length` bytes were received. */
bool takesEightBits(uint8_t command, uint8_t length, uint8_t byte);

void sendFirmware();

}  // namespace sysex
