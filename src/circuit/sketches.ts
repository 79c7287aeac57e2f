import type { NodeDefinition, SketchSource } from "../config/define.js";
import { CircuitError } from "../core/error.js";
import { Buzzer } from "../sketch/buzzer.js";
import { Clock } from "../sketch/clock.js";
import { IoPin } from "../sketch/io-pin.js";
import { Sketch } from "../sketch/sketch.js";

/**
 * Makes the sketch of a node.
 *
 * @param name The node's, for the message.
 * @throws {CircuitError} `CONFIG_INVALID` when what it names is no sketch; what a function of the user's throws.
 */
export function makeSketch(name: string, node: NodeDefinition): Sketch {
  switch (node.sketch) {
    case "clock":
      return new Clock(node.options);
    case "iopin":
      return new IoPin(node.options);
    case "buzzer":
      return new Buzzer(node.options);
    default:
      return makeOwn(name, node.sketch);
  }
}

function makeOwn(name: string, source: SketchSource): Sketch {
  if (isSketchClass(source)) return new source();
  // A class that is no sketch's cannot be called; its text is the only way to tell it from a function.
  const made: unknown = /^class\b/.test(Function.prototype.toString.call(source)) ? undefined : source();
  if (made instanceof Sketch) return made;
  throw new CircuitError(
    "CONFIG_INVALID",
    `Cannot make the sketch of ${name}: it is neither a class that extends Sketch nor a function that returns one`,
    { hint: 'Extend the `Sketch` of `import { Sketch } from "circuit-five"`.' },
  );
}

function isSketchClass(source: SketchSource): source is new () => Sketch {
  return source.prototype instanceof Sketch;
}
