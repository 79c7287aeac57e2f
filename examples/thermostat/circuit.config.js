import { defineCircuit } from "circuit-five";
import { Thermostat } from "./thermostat.js";

export default defineCircuit({
  wiring: "../../wiring/thermostat.json",
  nodes: { thermostat: { sketch: Thermostat } },
  // A thermostat that does not run must not heat. Low is what a pin is left as anyway; here it is said.
  pins: { 7: { stop: 0 } },
});
