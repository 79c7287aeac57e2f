import type { PartState } from "../../emulator/part.js";
import type { SeenPart } from "./seen.js";

/** Parts of an emulated board as the page draws them. */
export function seenParts(states: readonly PartState[]): readonly SeenPart[] {
  return states.map((state): SeenPart => {
    const { id } = state;
    switch (state.type) {
      case "led":
        return { type: "led", id, brightness: state.brightness };
      case "buzzer":
        return { type: "buzzer", id, hz: state.tone?.hz ?? null };
      case "servo":
        return { type: "servo", id, degrees: state.degrees ?? null };
      case "lcd":
        return { type: "lcd", id, lines: state.isOn ? state.lines : [], isLit: state.isLit };
      case "thermistor":
        return { type: "thermistor", id, celsius: state.celsius };
      default:
        return state;
    }
  });
}
