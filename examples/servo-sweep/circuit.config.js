import { defineCircuit } from "circuit-five";
import { ServoSweep } from "./servo-sweep.js";

export default defineCircuit({
  wiring: "../../wiring/servo-sweep.json",
  nodes: { sweep: { sketch: ServoSweep } },
});
