import { defineCircuit } from "circuit-five";
import { TrafficLight } from "./traffic-light.js";

export default defineCircuit({
  wiring: "../../wiring/traffic-light.json",
  nodes: { light: { sketch: TrafficLight } },
});
