import { defineCircuit } from "circuit-five";
import { Lamp } from "./lamp.js";

export default defineCircuit({
  // An emulated Uno. A real one is "auto", or its port: "/dev/ttyACM0", "COM3".
  boards: { desk: "sim:uno" },
  wiring: "wiring.json",
  nodes: {
    lamp: { sketch: Lamp },
    // Sends a tick to the lamp every half second, six times; with `ticks: 0` for ever.
    clock: { sketch: "clock", options: { target: "lamp", ticks: 6, delaySeconds: 0.5 } },
  },
});
