import { fileURLToPath } from "node:url";
import type { CircuitDefinition } from "../config/define.js";
import { isEmulated } from "./links.js";

/** The wiring of the example circuit, where it is installed. */
export const EXAMPLE_WIRING = fileURLToPath(
  new URL("../../../wiring/clock-pin-buzzer.json", import.meta.url),
);

/** Wait after each bit when a person watches, in milliseconds: long enough for an eye to follow the LED. */
export const WATCHED_BIT_MS = 150;

/**
 * The example circuit: a clock ticks, a pin toggles and streams its bits, a buzzer buzzes, everyone
 * acknowledges; all on one board.
 *
 * Only an emulated board has the example's wiring: how a real one is wired its owner knows better.
 */
export function exampleCircuit(board: string): CircuitDefinition {
  return {
    boards: { board },
    ...(isEmulated(board) && { wiring: EXAMPLE_WIRING }),
    nodes: {
      clock: { sketch: "clock" },
      iopin: { sketch: "iopin", options: { bitMs: WATCHED_BIT_MS } },
      buzzer: { sketch: "buzzer" },
    },
  };
}
