// I2C at 100 kHz in the background: a missing device or a stuck bus costs a message, never time.
#pragma once
#include <stdint.h>

namespace i2c {

/**
 * Puts pins 18 and 19 to I2C.
 *
 * @param readDelayUs Time between telling a device the register and reading it.
 */
void begin(uint16_t readDelayUs);

/** Ends all requests and releases the pins. */
void end();

/** Queues what an I2C_REQUEST asks for, given its data, or refuses it with a message. */
void request(const uint8_t *data, uint8_t length);

/** Whether a further request would be refused. */
bool isFull();

/** Reads once each device that is read continuously. */
void sample();

/** Goes on to the next step of a transfer, or to the next request. */
void poll();

}  // namespace i2c
