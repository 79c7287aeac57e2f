import { pinsOf } from "../attachments.js";
import { isWired, type Net, type Supply } from "../netlist.js";
import { findPartType, RESISTOR, UNO } from "../parts.js";
import { ohmsOf } from "./elements.js";
import { listed, type WiringFinding } from "./finding.js";
import { pinName, type Subject } from "./subject.js";

/** Supplies that metal joins: the regulator, or the computer's port, feeds a short circuit. */
export function findShorts({ netlist }: Subject): readonly WiringFinding[] {
  return netlist.nets
    .filter(({ supplies }) => supplies.length > 1)
    .map((net) => ({
      rule: "short",
      severity: "error",
      parts: partsOn(net),
      pins: net.supplies,
      text: `${listed(net.supplies)} are joined without anything between them`,
      mend: `Take away the wire that joins ${net.supplies[0]} to ${net.supplies[1]}.`,
    }));
}

/** Pins that are held at a supply without a resistor: an output of the other level is a short circuit. */
export function findHeldPins(subject: Subject): readonly WiringFinding[] {
  // Where a button's legs join them, its own rule says what to do.
  const legs = findButtonLegs(subject).flatMap(({ parts }) => parts);
  return subject.netlist.nets
    .filter(({ supplies, pins }) => supplies.length === 1 && pins.length > 0)
    .filter(({ ends }) => !ends.some(({ part }) => legs.includes(part)))
    .map(({ supplies: [supply = "GND"], pins, ends }) => ({
      rule: "short",
      severity: "error",
      parts: [...new Set(ends.map(({ part }) => part))],
      pins: [...pins.map(pinName), supply],
      text: `pin ${listed(pins.map(pinName))} is wired straight to ${supply}: as ${levelAgainst(supply)} it shorts the supply`,
      mend: "Put the part, or a resistor of 1 kΩ or more, between them.",
    }));
}

function levelAgainst(supply: Supply): string {
  return supply === "GND" ? "a high output" : "a low output";
}

/** Pins that metal joins: two outputs of which one is high and one low short each other. */
export function findJoinedPins({ netlist }: Subject): readonly WiringFinding[] {
  return netlist.nets
    .filter(({ pins }) => pins.length > 1)
    .map((net) => ({
      rule: "pins-joined",
      severity: "error",
      parts: partsOn(net),
      pins: net.pins.map(pinName),
      text: `pins ${listed(net.pins.map(pinName))} are wired together: outputs of two levels short each other`,
      mend: "Use one of them, or put a resistor of 1 kΩ or more between them.",
    }));
}

/** Parts between two legs that are one piece of metal, or one net: they do nothing, and a button is always pressed. */
export function findBridged({ known, netlist }: Subject): readonly WiringFinding[] {
  return known.flatMap(({ part, role: { between } }): WiringFinding[] => {
    if (between === undefined) return [];
    const [one, other] = between.map((pin) => netlist.netOf({ part: part.id, pin }));
    if (one !== undefined && one === other)
      return [
        {
          rule: "short",
          severity: "error",
          parts: [part.id],
          pins: namesOf(one),
          text: `both ends of ${part.id}, ${between[0]} and ${between[1]}, are on one net, and nothing flows through it`,
          mend: "Wire its ends to different places.",
        },
      ];
    return [];
  });
}

/** Buttons with two wires on one side, whose legs are one piece of metal: pressing changes nothing. */
export function findButtonLegs({ known, netlist, wiring }: Subject): readonly WiringFinding[] {
  return known.flatMap(({ part, role: { switches = [], between } }): WiringFinding[] => {
    if (between === undefined || switches.length === 0) return [];
    const [one, other] = between.map((pin) => isWired(netlist.netOf({ part: part.id, pin }), part.id));
    const wired = one ? between[0] : between[1];
    if (one === other) return [];
    const legs = findPartType(part.type)?.joined.find((pins) => pins.includes(wired)) ?? [];
    const ends = wiring.wires.flatMap(({ from, to }) => [from, to]);
    const used = legs.filter((pin) => ends.some((end) => end.part === part.id && end.pin === pin));
    if (used.length < 2) return [];
    return [
      {
        rule: "button-legs",
        severity: "error",
        parts: [part.id],
        pins: namesOf(netlist.netOf({ part: part.id, pin: wired })),
        text: `the wires are on ${listed(used)}, which are one piece of metal: pressing joins nothing`,
        mend: `Move one wire to a leg of the other side, such as ${one ? between[1] : between[0]}.`,
      },
    ];
  });
}

/** Parts without any wire, and resistors with one end. */
export function findUnwired({ wiring, netlist }: Subject): readonly WiringFinding[] {
  return wiring.parts.flatMap(({ id, type, attrs }): WiringFinding[] => {
    if (type === UNO) return [];
    const pins = pinsOf(wiring, { id, type, attrs, left: 0, top: 0, rotate: 0, hide: false });
    const open = pins.filter((pin) => !isWired(netlist.netOf({ part: id, pin }), id));
    if (pins.length === open.length)
      return [unwired(id, "has no wire", "Wire it, or take it out of the file.")];
    if (type !== RESISTOR) return [];
    if (open.length > 0)
      return [unwired(id, `has a wire at one end only, and none at ${listed(open)}`, "Wire its other end.")];
    if (ohmsOf(attrs.value) === 0)
      return [
        unwired(id, `has the value "${attrs.value}", which is no resistance`, 'Give it ohms, such as "220".'),
      ];
    return [];
  });
}

function unwired(id: string, text: string, mend: string): WiringFinding {
  return { rule: "unwired", severity: "warning", parts: [id], pins: [], text: `${id} ${text}`, mend };
}

function partsOn({ ends }: Net): readonly string[] {
  return [...new Set(ends.map(({ part }) => part))];
}

function namesOf({ pins, supplies }: Net): readonly string[] {
  return [...pins.map(pinName), ...supplies];
}
