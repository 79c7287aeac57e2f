import { defineCircuit } from "circuit-five";

export default defineCircuit({
  boards: { desk: "sim:uno" },
  wiring: "../../wiring/thermostat.json",
  flows: {
    thermostat: { file: "thermostat.flow.js", settings: { celsius: 21 } },
  },
  // A thermostat that does not run must not heat. Low is what a pin is left as anyway; here it is said.
  pins: { 7: { stop: 0 } },
});
