import { isWired, type Net } from "../netlist.js";
import { listed, type WiringFinding } from "./finding.js";
import { findButtonLegs } from "./shorts.js";
import { type KnownPart, pinName, type Subject } from "./subject.js";

/** Parts whose ground leads to no ground, and those between two ends of which one leads nowhere. */
export function findUngrounded(subject: Subject): readonly WiringFinding[] {
  // Buttons that are wired on one side have a rule of their own.
  const oneSided = findButtonLegs(subject).flatMap(({ parts }) => parts);
  const known = subject.known
    .filter(isWiredAnywhere(subject))
    .filter(({ part }) => !oneSided.includes(part.id));
  return known.flatMap((known): WiringFinding[] => {
    const { part, role } = known;
    if (role.between) return findLooseEnd(subject, known, role.between);
    if (!role.feed) return [];
    const net = subject.netlist.netOf({ part: part.id, pin: role.feed.ground });
    if (net.supplies.includes("GND") || subject.walk.isUnknown(net, ["switch"], part.id)) return [];
    const where = isWired(net, part.id) ? `leads to ${placesOf(net, part.id)}` : "has no wire";
    return [
      {
        rule: "no-ground",
        severity: "error",
        parts: [part.id],
        pins: [],
        text: `${part.id} has no ground: its ${role.feed.ground} ${where}`,
        mend: `Wire ${part.id}'s ${role.feed.ground} to a GND of the board.`,
      },
    ];
  });
}

/** A part that a current flows through needs a way out. */
function findLooseEnd(
  { netlist, walk }: Subject,
  { part }: KnownPart,
  between: readonly [string, string],
): WiringFinding[] {
  const isLoose = (pin: string) => {
    const net = netlist.netOf({ part: part.id, pin });
    const kinds = ["resistor", "led", "switch"] as const;
    return walk.sources(net, kinds, "all", part.id).length === 0 && !walk.isUnknown(net, kinds, part.id);
  };
  const loose = between.filter(isLoose);
  if (loose.length === 0) return [];
  return [
    {
      rule: "no-ground",
      severity: "error",
      parts: [part.id],
      pins: [],
      text: `no current can flow through ${part.id}: its ${listed(loose)} ${loose.length > 1 ? "lead" : "leads"} to no pin, GND or supply`,
      mend: `Wire ${part.id}'s ${loose[0]} to a GND of the board, or to what it is to lead to.`,
    },
  ];
}

/** Parts that are fed from nothing, from a pin that cannot give so much, or from ground. */
export function findUnfed(subject: Subject): readonly WiringFinding[] {
  const { netlist, walk } = subject;
  return subject.known
    .filter(isWiredAnywhere(subject))
    .flatMap(({ part, role: { feed } }): WiringFinding[] => {
      if (!feed) return [];
      const net = netlist.netOf({ part: part.id, pin: feed.supply });
      const finding = { severity: "error" as const, parts: [part.id], pins: net.pins.map(pinName) };
      const mend = `Wire ${part.id}'s ${feed.supply} to the board's 5V.`;
      if (net.supplies.some((supply) => supply !== "GND")) return [];
      if (net.supplies.length > 0)
        return [
          {
            ...finding,
            rule: "no-supply",
            text: `${part.id} is fed from GND: its ${feed.supply} is there`,
            mend,
          },
        ];
      if (net.pins.length > 0) {
        if (feed.drawsMa <= MOST_FED_MA) return [];
        const text = `${part.id} is fed from pin ${net.pins.map(pinName).join(", ")}: it draws ${feed.drawsMa} mA, and a pin gives ${MOST_FED_MA}`;
        return [{ ...finding, rule: "supply-from-pin", text, mend }];
      }
      if (walk.isUnknown(net, ["switch"], part.id)) return [];
      const where = isWired(net, part.id) ? `leads to ${placesOf(net, part.id)}` : "has no wire";
      return [
        {
          ...finding,
          rule: "no-supply",
          text: `${part.id} has no supply: its ${feed.supply} ${where}`,
          mend,
        },
      ];
    });
}

/** What a pin gives for long (ATmega328P datasheet 29.2, the test condition of VOH). */
const MOST_FED_MA = 20;

/** Parts without any wire are told of once, by the rule for them. */
function isWiredAnywhere({ wiring }: Subject) {
  const wired = new Set(wiring.wires.flatMap(({ from, to }) => [from.part, to.part]));
  return ({ part }: KnownPart) => wired.has(part.id);
}

function placesOf({ pins, supplies, ends, others }: Net, but: string): string {
  return listed([
    ...pins.map((pin) => `pin ${pinName(pin)}`),
    ...supplies,
    ...others,
    ...ends.filter(({ part }) => part !== but).map(({ part, pin }) => `${part}:${pin}`),
  ]);
}
