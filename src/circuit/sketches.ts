import type { NodeDefinition, SketchSource } from "../config/define.js";
import { Buzzer } from "../sketch/buzzer.js";
import { Clock } from "../sketch/clock.js";
import { IoPin } from "../sketch/io-pin.js";
import { Sketch } from "../sketch/sketch.js";

/** Makes the sketch of a node. */
export function makeSketch(node: NodeDefinition): Sketch {
  switch (node.sketch) {
    case "clock":
      return new Clock(node.options);
    case "iopin":
      return new IoPin(node.options);
    case "buzzer":
      return new Buzzer(node.options);
    default:
      return isSketchClass(node.sketch) ? new node.sketch() : node.sketch();
  }
}

function isSketchClass(source: SketchSource): source is new () => Sketch {
  return source.prototype instanceof Sketch;
}
