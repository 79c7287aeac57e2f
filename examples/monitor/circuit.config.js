import { appendFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineCircuit, on } from "circuit-five";
import { Monitor } from "./monitor.js";

/** A share from the environment, 0 to 1. */
function limit(name, standard) {
  const share = Number(process.env[name] ?? standard);
  if (Number.isNaN(share))
    throw new Error(`${name} is ${process.env[name]}, not a share such as ${standard}`);
  return share;
}

const LIMITS = { load: limit("MONITOR_LOAD", 0.7), disk: limit("MONITOR_DISK", 0.9) };

export default defineCircuit({
  boards: { desk: "sim:uno" },
  wiring: fileURLToPath(new URL("wiring.json", import.meta.url)),

  // One side finds things and tells of them: a sketch of the machine, and a pin of a potentiometer.
  nodes: {
    monitor: {
      listen: 0, // so that events of other processes reach this one
      sketch: () => new Monitor(LIMITS),
    },
  },
  pins: {
    A0: { edges: "high.knob", threshold: 700, hysteresis: 20 },

    // The other reacts, and does not know by whom it is told: a piezo sounds, and a line goes into a log.
    8: { on: "high.>", do: "tone", toneHz: 880, forMs: 500 },
  },
  observers: [
    on("high.>", ({ subject, data, at }) =>
      appendFileSync("monitor.log", `${new Date(at).toISOString()} ${subject} ${JSON.stringify(data)}\n`),
    ),
  ],
});
