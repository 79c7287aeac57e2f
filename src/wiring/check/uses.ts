import { LCD } from "../parts.js";
import { listed, type WiringFinding } from "./finding.js";
import type { PinUse } from "./roles.js";
import { type PinAsk, pinName, type Subject } from "./subject.js";

/** Uses that read a pin; all others drive it. */
const READING: ReadonlySet<PinUse> = new Set(["input", "analog"]);

/** Two that want one pin. Parts that obey it together may be meant; two that do not go together are an error. */
export function findPinsUsedTwice({ asks }: Subject): readonly WiringFinding[] {
  return [...byPin(asks)].flatMap(([pin, all]): WiringFinding[] => {
    const parts = all.filter(({ from }) => from === "part");
    const programs = all.filter(({ from }) => from === "program");
    return [...conflictOf(pin, parts), ...conflictOf(pin, programs), ...findMismatch(pin, parts, programs)];
  });
}

function conflictOf(pin: number, asks: readonly PinAsk[]): WiringFinding[] {
  const isBus = asks.every(({ use }) => use === "i2c");
  if (new Set(asks.map(({ by }) => by)).size < 2 || isBus) return [];
  // Told of by the rule for the bus.
  if (asks.some(({ use }) => use === "i2c")) return [];
  const uses = new Set(asks.map(({ use }) => use));
  const isShared = uses.size === 1 && !uses.has("analog") && asks.every(({ from }) => from === "part");
  const who = listed(asks.map(({ by, use }) => `${by} (${use})`));
  return [
    {
      rule: "pin-twice",
      severity: isShared || isObeyed(uses) ? "warning" : "error",
      parts: asks.filter(({ from }) => from === "part").map(({ by }) => by),
      pins: [pinName(pin)],
      text: `pin ${pinName(pin)} is used by ${who}`,
      mend: "Give each a pin of its own, unless they are to do the same at the same time.",
    },
  ];
}

/** Whether all do what one output says. */
function isObeyed(uses: ReadonlySet<PinUse>): boolean {
  return [...uses].every((use) => use === "output" || use === "tone");
}

/** A program that reads a pin where parts are driven, or drives one that a part drives too. */
function findMismatch(pin: number, parts: readonly PinAsk[], programs: readonly PinAsk[]): WiringFinding[] {
  const [part] = parts;
  if (part === undefined) return [];
  return programs.flatMap((program): WiringFinding[] => {
    if (
      READING.has(part.use) === READING.has(program.use) &&
      (part.use === "i2c") === (program.use === "i2c")
    )
      return [];
    return [
      {
        rule: "pin-twice",
        severity: "error",
        parts: [part.by],
        pins: [pinName(pin)],
        text: `${program.by} uses pin ${pinName(pin)} as ${program.use}, where ${part.by} is for ${part.use}`,
        mend: `Name another pin in ${program.by}, or move ${part.by}.`,
      },
    ];
  });
}

/** Pins 0 and 1 are the line to the computer: what drives them garbles it. */
export function findSerialPins({ asks }: Subject): readonly WiringFinding[] {
  return [...byPin(asks)]
    .filter(([pin]) => pin < 2)
    .map(([pin, all]) => ({
      rule: "serial-pins",
      severity: "error",
      parts: partsOf(all),
      pins: [pinName(pin)],
      text: `${listed(all.map(({ by }) => by))} is on pin ${pin}, which is the line to the computer`,
      mend: "Take a pin from 2 up.",
    }));
}

/** The bus of an ATmega328P, by terminal (datasheet 1.1: PC4 and PC5). */
const BUS: Readonly<Record<string, number>> = { SDA: 18, SCL: 19 };

/** An I2C part elsewhere than on the bus. */
export function findI2cPins({ known, netlist }: Subject): readonly WiringFinding[] {
  return known
    .filter(({ part }) => part.type === LCD)
    .flatMap(({ part }) =>
      Object.entries(BUS).flatMap(([terminal, pin]): WiringFinding[] => {
        const { pins } = netlist.netOf({ part: part.id, pin: terminal });
        if (pins.includes(pin)) return [];
        const where = pins.length > 0 ? `is on pin ${pins.map(pinName).join(", ")}` : "is on no pin";
        return [
          {
            rule: "i2c-pins",
            severity: "error",
            parts: [part.id],
            pins: [pinName(pin)],
            text: `${part.id}'s ${terminal} ${where}: the board's ${terminal} is ${pinName(pin)}`,
            mend: `Wire it to ${pinName(pin)}.`,
          },
        ];
      }),
    );
}

/** A pin of the bus that something else uses, where an I2C part is there. */
export function findI2cTaken({ asks }: Subject): readonly WiringFinding[] {
  const bus = asks.find(({ use }) => use === "i2c");
  if (!bus) return [];
  const others = asks.filter(({ pin, use }) => Object.values(BUS).includes(pin) && use !== "i2c");
  return others.map((other) => ({
    rule: "i2c-taken",
    severity: "error",
    parts: partsOf([bus, other]),
    pins: [pinName(other.pin)],
    text: `${other.by} uses pin ${pinName(other.pin)} (${other.use}), which is the I2C bus of ${bus.by}`,
    mend: `Move ${other.by} to another pin: only A4 and A5 are the bus.`,
  }));
}

/** Parts that give a voltage on pins that only know high and low. */
export function findAnalogMissing({ asks }: Subject): readonly WiringFinding[] {
  return asks
    .filter(({ pin, use }) => use === "analog" && pin < 14)
    .map(({ pin, by, from }) => ({
      rule: "analog-missing",
      severity: "error",
      parts: from === "part" ? [by] : [],
      pins: [pinName(pin)],
      text: `${by} gives a voltage on pin ${pinName(pin)}, which is not analog`,
      mend: "Take a pin from A0 to A5.",
    }));
}

/** Pins that a program uses, where nothing is. */
export function findPinsNotWired({ asks, netlist }: Subject): readonly WiringFinding[] {
  const isWired = (pin: number) =>
    netlist.nets.some(({ pins, ends }) => pins.includes(pin) && ends.length > 0);
  return asks
    .filter(({ from, pin }) => from === "program" && !isWired(pin))
    .map(({ pin, by, use }) => ({
      rule: "pin-not-wired",
      severity: "error",
      parts: [],
      pins: [pinName(pin)],
      text: `${by} uses pin ${pinName(pin)} as ${use}, where nothing is wired`,
      mend: `Wire a part to pin ${pinName(pin)}, or name another in ${by}.`,
    }));
}

function byPin(asks: readonly PinAsk[]): ReadonlyMap<number, readonly PinAsk[]> {
  const pins = [...new Set(asks.map(({ pin }) => pin))].sort((a, b) => a - b);
  return new Map(pins.map((pin) => [pin, asks.filter((ask) => ask.pin === pin)]));
}

function partsOf(asks: readonly PinAsk[]): readonly string[] {
  return asks.filter(({ from }) => from === "part").map(({ by }) => by);
}
