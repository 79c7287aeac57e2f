#include "work.h"

// Interrupts that only wake the chip: a reported input has changed, an analog input is measured.
ISR(PCINT0_vect) { work::leave(); }
ISR(PCINT1_vect, ISR_ALIASOF(PCINT0_vect));
ISR(PCINT2_vect, ISR_ALIASOF(PCINT0_vect));
ISR(ADC_vect, ISR_ALIASOF(PCINT0_vect));
