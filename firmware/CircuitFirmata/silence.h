// How long the host has said nothing.
#pragma once
#include <stdint.h>

namespace silence {

/** Something has come. */
void broken();

/** Milliseconds since anything came, modulo 65 536. */
uint16_t ms();

}  // namespace silence
