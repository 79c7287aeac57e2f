// The chip's two-wire interface as a bus master, driven by interrupts: one transfer at a time.
#pragma once
#include <stdint.h>

namespace twi {

const uint8_t MOST_BYTES = 64;

enum Outcome : uint8_t { RUNNING, DONE, NO_ANSWER, REFUSED, DISTURBED };

/** Turns it on, or starts it afresh. The pins get their pull-ups: enough for short wires. */
void begin();

void end();

/** Begins a transfer, with a restart where the bus was not given up since the one before. */
void write(uint8_t address, const uint8_t *bytes, uint8_t count);
void read(uint8_t address, uint8_t count);

/** How the transfer ended. The bus is held from then until stop() or the next transfer. */
Outcome outcome();

uint8_t received(uint8_t index);

/** Gives the bus up, which takes some microseconds more. */
void stop();
bool isStopping();

}  // namespace twi
