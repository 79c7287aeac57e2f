import { defineCircuit } from "circuit-five";

export default defineCircuit({
  wiring: "../../wiring/clock-pin-buzzer.json",
  nodes: {
    clock: { sketch: "clock", options: { ticks: 3 } },
    iopin: { sketch: "iopin", options: { bitMs: 150 } },
    buzzer: { sketch: "buzzer" },
  },
});
