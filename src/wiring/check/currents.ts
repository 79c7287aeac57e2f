import type { Net } from "../netlist.js";
import type { WiringFinding } from "./finding.js";
import { findLedsWithoutResistor } from "./leds.js";
import type { PinUse } from "./roles.js";
import { currentFrom } from "./solve.js";
import { pinName, type Subject } from "./subject.js";
import { PIN_VOLTS, SUPPLY_VOLTS } from "./volts.js";
import { isSource, Walk } from "./walk.js";

/** What a pin is tested with, and what destroys it, in milliamperes (ATmega328P datasheet 29.2 and 29.1). */
const RECOMMENDED_MA = 20;
const ABSOLUTE_MA = 40;
/** What all pins together may give or take, in milliamperes (29.1, DC current of VCC and GND). */
const PACKAGE_MA = 200;
/** Groups of pins whose sum is bounded, in milliamperes (29.2, notes 3 and 4); pins by the board's numbers. */
const GIVING = [
  { name: "A0 to A5 and 0 to 4", most: 150, has: (pin: number) => pin >= 14 || pin <= 4 },
  { name: "5 to 13", most: 150, has: (pin: number) => pin >= 5 && pin <= 13 },
];
const TAKING = [
  { name: "A0 to A5", most: 100, has: (pin: number) => pin >= 14 },
  { name: "5 to 13", most: 100, has: (pin: number) => pin >= 5 && pin <= 13 },
  { name: "0 to 4", most: 100, has: (pin: number) => pin <= 4 },
];
/** What the board itself takes of 5 V: the chip, the USB chip and the LEDs. */
const BOARD_MA = 50;
/** What a computer's USB port gives, and the Uno's fuse lets through; what its 3.3 V regulator does (its data sheet). */
const SUPPLY_MA = { "5V": 500, "3.3V": 50 } as const;

const DRIVING: ReadonlySet<PinUse> = new Set(["output", "pwm", "tone", "servo"]);

/** What flows through a pin at most, with all others the other way. */
export interface PinCurrents {
  readonly pin: number;
  readonly parts: readonly string[];
  /** Out of it while it is high and all others are low, in milliamperes. */
  readonly givesMa: number;
  /** Into it while it is low and all others are high. */
  readonly takesMa: number;
  /** The same while all pins are high, or all are low. */
  readonly togetherGivesMa: number;
  readonly togetherTakesMa: number;
}

/** The currents of each pin that drives something, without those of LEDs that nothing limits. */
export function pinCurrents(subject: Subject): readonly PinCurrents[] {
  const { asks, netlist, known } = subject;
  const walk = limitedWalk(subject);
  const driven = new Set(asks.filter(({ use }) => DRIVING.has(use)).map(({ pin }) => pin));
  return [...driven].flatMap((pin): PinCurrents[] => {
    const net = netlist.nets.find(({ pins }) => pins.includes(pin));
    if (net === undefined || net.supplies.length > 0) return [];
    const here = asks.filter((ask) => ask.pin === pin && ask.from === "part");
    const signalMa = known
      .filter(({ part }) => here.some(({ by }) => by === part.id))
      .reduce((sum, { role }) => sum + (role.signalMa ?? 0), 0);
    const flows = (own: 0 | 1, others: 0 | 1) =>
      Math.max(
        0,
        (own === 1 ? 1 : -1) *
          currentFrom(
            net,
            walk,
            holder(driven, (each) => (each === pin ? own : others)),
          ),
      );
    return [
      {
        pin,
        parts: here.map(({ by }) => by),
        givesMa: flows(1, 0) + signalMa,
        takesMa: flows(0, 1) + signalMa,
        togetherGivesMa: flows(1, 1) + signalMa,
        togetherTakesMa: flows(0, 0) + signalMa,
      },
    ];
  });
}

/** Pins that give or take more than a pin may. */
export function findPinCurrents(subject: Subject): readonly WiringFinding[] {
  return pinCurrents(subject).flatMap(({ pin, parts, givesMa, takesMa }): WiringFinding[] => {
    const most = Math.max(givesMa, takesMa);
    if (most <= RECOMMENDED_MA) return [];
    const isOver = most > ABSOLUTE_MA;
    const verb = givesMa >= takesMa ? "gives" : "takes";
    const limit = isOver
      ? `${ABSOLUTE_MA} mA is what it survives`
      : `${RECOMMENDED_MA} mA is what it is made for`;
    return [
      {
        rule: "pin-current",
        severity: isOver ? "error" : "warning",
        parts,
        pins: [pinName(pin)],
        text: `pin ${pinName(pin)} ${verb} ${formatMa(most)}: ${limit}`,
        mend: "Take a larger resistor, or a transistor that drives the parts.",
      },
    ];
  });
}

/** Groups of pins, and all of them, that give or take more than they may together. */
export function findPortCurrents(subject: Subject): readonly WiringFinding[] {
  const currents = pinCurrents(subject);
  const gives = ({ togetherGivesMa }: PinCurrents) => togetherGivesMa;
  const takes = ({ togetherTakesMa }: PinCurrents) => togetherTakesMa;
  const whole = { name: "0 to 13 and A0 to A5", most: PACKAGE_MA, has: () => true };
  return [
    ...[...GIVING, whole].flatMap((group) => findOverload(currents, group, "give", gives)),
    ...[...TAKING, whole].flatMap((group) => findOverload(currents, group, "take", takes)),
  ];
}

function findOverload(
  currents: readonly PinCurrents[],
  { name, most, has }: (typeof GIVING)[number],
  verb: "give" | "take",
  maOf: (current: PinCurrents) => number,
): WiringFinding[] {
  const members = currents.filter((current) => has(current.pin) && maOf(current) > 0);
  const sum = members.reduce((total, member) => total + maOf(member), 0);
  if (sum <= most) return [];
  return [
    {
      rule: "port-current",
      severity: "error",
      parts: [...new Set(members.flatMap(({ parts }) => parts))],
      pins: members.map(({ pin }) => pinName(pin)),
      text: `pins ${name} ${verb} ${formatMa(sum)} together, if all are on at once: ${most} mA is what they may`,
      mend: "Take larger resistors, or transistors that drive the parts.",
    },
  ];
}

/** Supplies of which more is drawn than the board has. */
export function findSupplyCurrents(subject: Subject): readonly WiringFinding[] {
  const { known, netlist } = subject;
  const walk = limitedWalk(subject);
  const given = pinCurrents(subject).reduce((sum, { togetherGivesMa }) => sum + togetherGivesMa, 0);
  return (["5V", "3.3V"] as const).flatMap((supply): WiringFinding[] => {
    const nets = netlist.nets.filter(({ supplies: [only, more] }) => only === supply && more === undefined);
    const fed = known.filter(
      ({ part, role: { feed } }) => feed && nets.includes(netlist.netOf({ part: part.id, pin: feed.supply })),
    );
    const hold = holder(new Set(), () => undefined);
    const flows = nets.map((net) => Math.max(0, currentFrom(net, walk, hold)));
    const throughMa = flows.reduce((sum, ma) => sum + ma, 0);
    const fedMa = fed.reduce((sum, { role: { feed } }) => sum + (feed?.drawsMa ?? 0), 0);
    const sum = fedMa + throughMa + (supply === "5V" ? BOARD_MA + given : 0);
    if (sum <= SUPPLY_MA[supply]) return [];
    return [
      {
        rule: "supply-current",
        severity: supply === "5V" ? "warning" : "error",
        parts: fed.map(({ part }) => part.id),
        pins: [supply],
        text: `the board's ${supply} has to give ${formatMa(sum)}: it has ${SUPPLY_MA[supply]}`,
        mend: "Feed the servos and relays from a supply of their own, whose GND is joined to the board's.",
      },
    ];
  });
}

/** What nets are held at: supplies at theirs, driven pins at their level, inputs at nothing. */
function holder(driven: ReadonlySet<number>, levelOf: (pin: number) => 0 | 1 | undefined) {
  return ({ pins, supplies: [supply] }: Net): number | undefined => {
    if (supply !== undefined) return SUPPLY_VOLTS[supply];
    const pin = pins.find((each) => driven.has(each));
    return pin === undefined ? undefined : (levelOf(pin) ?? 0) * PIN_VOLTS;
  };
}

/** Without what would be a short circuit, of which other rules tell: LEDs that nothing limits, a pressed button at an output. */
function limitedWalk(subject: Subject): Walk {
  const unlimited = new Set(findLedsWithoutResistor(subject).flatMap(({ parts }) => parts));
  return new Walk(
    subject.elements.filter(({ part, kind, ohms, from, to }) => {
      if (kind === "switch") return !(isSource(from) && isSource(to));
      return kind === "resistor" ? ohms > 0 : !unlimited.has(part);
    }),
  );
}

/** Tenths are more than the parts keep to. */
function formatMa(ma: number): string {
  return ma >= 1_000 ? `${(ma / 1_000).toFixed(1)} A` : `${ma.toFixed(ma < 100 ? 1 : 0)} mA`;
}
