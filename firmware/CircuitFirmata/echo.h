// The echo of digital writes: tells the host, unasked, that each was executed.
#pragma once
#include <stdint.h>

namespace echo {

/** Turning it on starts the count of writes at 0. */
void turn(bool on);

/** A digital write to a port was executed. */
void written(uint8_t port);

/** Whether so many writes await their echo that no further one may be executed: its count has six bits. */
bool isBehind();

/** Sends what had no room before. */
void poll();

/** Sends all that there is, waiting for room. */
void finish();

}  // namespace echo
