// The serial line, driven by interrupts, with a ring each way. It begins at 57 600 baud.
#pragma once
#include <stdint.h>

namespace serial {

void begin();

/** Speeds by their numbers in the protocol. */
enum Speed : uint8_t { BAUD_57600, BAUD_500000, BAUD_1000000, SPEEDS };

/** Lets all that was written leave, then changes the speed. */
void setSpeed(Speed speed);

/** Changes it at once. What is on its way is garbled, and what was received but not read is thrown away. */
void dropToSpeed(Speed speed);

/** Bytes received and not read. */
uint8_t available();

inline bool isAvailable() { return available(); }

/** Whether anything has come since this was asked last. */
bool hasHeard();

/** The oldest byte received. Only where isAvailable(). */
uint8_t read();

/** Bytes that write() takes without waiting. */
uint8_t room();

/** Waits until there is room for so many bytes, 255 at most. */
void awaitRoom(uint8_t bytes);

/** Queues a byte, waiting for room if there is none. */
void write(uint8_t byte);

/** Queues the low 14 bits of a value as two bytes of seven, the lower first. */
void write14(uint16_t value);

const uint8_t MESSAGE_BYTES = 3;

/** Queues a message of a status byte and the low 14 bits of a value, waiting for room. */
void writeMessage(uint8_t status, uint16_t value);

/** Whether a byte without a stop bit has come since this was asked last: the line is bad, or the host's speed another. */
bool wasMisframed();

/** Tells the host about bytes that were lost, when the line has room for it. */
void poll();

}  // namespace serial
