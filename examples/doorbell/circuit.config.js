import { defineCircuit } from "circuit-five";
import { Doorbell } from "./doorbell.js";

export default defineCircuit({
  wiring: "../../wiring/doorbell.json",
  nodes: { doorbell: { sketch: Doorbell } },
});
