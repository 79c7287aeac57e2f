import { type CircuitDefinition, DEFAULT_BOARDS, type NodeDefinition } from "../config/define.js";
import { PIN_DEFAULTS, type PinDefinition, parsePin } from "../config/pins.js";
import { SKETCH_SETTINGS } from "../config/settings.js";
import type { PinAsk } from "../wiring/check/subject.js";
import { FIRST_ANALOG_PIN } from "../wiring/parts.js";

/**
 * What a configuration says that its sketches and pins ask of each board. Of a sketch of the user's own it does not say which
 * pins it uses.
 */
export function pinAsksOf(definition: CircuitDefinition): ReadonlyMap<string, readonly PinAsk[]> {
  const boards = Object.keys(definition.boards ?? DEFAULT_BOARDS);
  const isOn = (board: string, named: string | undefined) => named === undefined || named === board;
  return new Map(
    boards.map((board) => [
      board,
      [
        ...Object.entries(definition.nodes ?? {}).flatMap(([name, node]) =>
          isOn(board, node.board) ? askOfNode(name, node) : [],
        ),
        ...Object.entries(definition.pins ?? {}).flatMap(([key, pin]) =>
          isOn(board, parsePin(key).board) ? askOfPin(key, pin) : [],
        ),
      ],
    ]),
  );
}

function askOfNode(name: string, node: NodeDefinition): PinAsk[] {
  const ask = { by: `nodes.${name}`, from: "program" } as const;
  const { iopin, buzzer } = SKETCH_SETTINGS;
  if (node.sketch === "iopin")
    return [{ ...ask, pin: node.options?.pin ?? iopin.pin.default ?? 0, use: "output" }];
  if (node.sketch === "buzzer")
    return [{ ...ask, pin: node.options?.piezo ?? buzzer.piezo.default ?? 0, use: "tone" }];
  return [];
}

/** What a pin is left as asks nothing: a sketch drives it. */
function askOfPin(key: string, definition: PinDefinition): PinAsk[] {
  const { pin: name } = parsePin(key);
  const pin = name.startsWith("A") ? FIRST_ANALOG_PIN + Number(name.slice(1)) : Number(name);
  const ask = { by: `pins.${key}`, from: "program", pin } as const;
  if ("threshold" in definition) return [{ ...ask, use: "analog" }];
  if ("edges" in definition)
    return [{ ...ask, use: "input", pullup: definition.pullup ?? PIN_DEFAULTS.pullup }];
  if ("on" in definition) return [{ ...ask, use: definition.do === "tone" ? "tone" : "output" }];
  return [];
}
