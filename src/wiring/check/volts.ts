import type { Supply } from "../netlist.js";

/** What supplies give, in volts. `VIN` is what comes in at the barrel socket: a 9 V battery, say. */
export const SUPPLY_VOLTS: Readonly<Record<Supply, number>> = { GND: 0, "3.3V": 3.3, "5V": 5, VIN: 9 };

/** A pin that is high, in volts; its own resistance of some 25 Ω is left out, so that no current is underestimated. */
export const PIN_VOLTS = 5;
