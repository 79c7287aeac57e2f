import type { EventEmitter } from "node:events";
import { five } from "../johnny-five.js";
import { onAbsence } from "./absences.js";

/** Parts of Johnny-Five's that read. What only writes tells what it was told, also while the board is away. */
const READING_PARTS = [
  ...["Accelerometer", "Altimeter", "Barometer", "Button", "Color", "Compass", "GPS", "Gyro", "Hygrometer"],
  ...["IMU", "Joystick", "Keypad", "Light", "Motion", "Proximity", "ReflectanceArray", "Sensor", "Switch"],
  "Thermometer",
];

/** Events that say that something has changed: a part that read null in between would say so when its board is back. */
const CHANGES: ReadonlySet<unknown> = new Set(["change", "motionstart", "motionend"]);

/** A part of Johnny-Five's that tells what it reads. */
type Part = EventEmitter;

/** What Johnny-Five's types leave out of a board: its parts, and what they listen to. */
interface BoardInside extends EventEmitter {
  readonly register: readonly object[];
  readonly io: EventEmitter & Record<"analogRead" | "digitalRead", Read>;
}

type Read = (pin: number, report: (value: number) => void) => unknown;

/**
 * Has the parts of a board that read be silent while it is away: no events, and `null` for what they read. Each begins
 * again with the first report of its pin; one that has no pin of its own, when the board has got its pins back.
 *
 * Johnny-Five's own would tell their last value for ever, 40 times a second.
 */
export function hideWhileAway(board: five.Board): void {
  // The cast names what its types leave out.
  const inside = board as unknown as BoardInside;
  const hidden = new Map<Part, HiddenPart>();
  const reports = reportsOf(inside);
  const show = (part: Part) => {
    hidden.get(part)?.show();
    hidden.delete(part);
  };
  const hide = () => {
    for (const part of inside.register) {
      if (!isReading(part) || hidden.has(part)) continue;
      hidden.set(part, new HiddenPart(part));
      // Before the part itself hears of it: what it says then is news.
      const report = reports.get(part);
      if (report !== undefined) inside.io.prependOnceListener(report, () => show(part));
    }
  };
  onAbsence(board, { away: hide, moved: hide, gone: hide });
  inside.on("restored", () => {
    for (const part of hidden.keys()) if (!reports.has(part)) show(part);
  });
}

// The cast: they are looked up by name, as not all are in the types.
const classes = five as unknown as Readonly<Record<string, new () => object>>;
const READING_CLASSES = READING_PARTS.flatMap((name) => classes[name] ?? []);

function isReading(part: object): part is Part {
  return READING_CLASSES.some((partClass) => part instanceof partClass);
}

/** Events of firmata-io that tell of a part's pin, of those parts that are made from now on. */
function reportsOf({ io, register }: BoardInside): WeakMap<object, string> {
  const reports = new WeakMap<object, string>();
  for (const read of ["analogRead", "digitalRead"] as const) {
    const own = io[read];
    const event = read === "analogRead" ? "analog-read" : "digital-read";
    io[read] = (pin, report) => {
      // A part asks for its pin while it is made, after it has been registered.
      const part = register.findLast((part) => "pin" in part && part.pin === pin);
      if (part && !reports.has(part)) reports.set(part, `${event}-${pin}`);
      return own.call(io, pin, report);
    };
  }
  return reports;
}

/** A part that is silent. The build leaves what Johnny-Five's parts tell open for this (`.config/build.mjs`). */
class HiddenPart {
  readonly #part: Part;
  readonly #emit: PropertyDescriptor | undefined;
  readonly #getters: readonly (readonly [name: string, getter: PropertyDescriptor])[];
  readonly #lastReadings: string;

  constructor(part: Part) {
    this.#part = part;
    this.#emit = Object.getOwnPropertyDescriptor(part, "emit");
    this.#getters = readingsOf(part);
    this.#lastReadings = this.#readings();
    for (const [name, getter] of this.#getters)
      Object.defineProperty(part, name, { ...getter, get: () => null });
    this.#setEmit(() => false);
  }

  show(): void {
    for (const [name, getter] of this.#getters) Object.defineProperty(this.#part, name, getter);
    this.#showEmit();
    const { emit } = this.#part;
    this.#setEmit((event, ...values) => {
      if (this.#readings() !== this.#lastReadings) this.#showEmit();
      else if (CHANGES.has(event)) return false;
      return emit.call(this.#part, event, ...values);
    });
  }

  /** What the part reads, to be compared. */
  #readings(): string {
    // The cast: these are names of its own.
    const values = this.#part as unknown as Readonly<Record<string, unknown>>;
    return JSON.stringify(this.#getters.map(([name]) => values[name]));
  }

  #setEmit(emit: EventEmitter["emit"]): void {
    Object.defineProperty(this.#part, "emit", { value: emit, configurable: true, writable: true });
  }

  #showEmit(): void {
    if (this.#emit) Object.defineProperty(this.#part, "emit", this.#emit);
    // The cast: what was put over its class's own is taken away again.
    else delete (this.#part as Partial<Part>).emit;
  }
}

/** Getters of plain values that cannot be set: neither settings, nor the parts of a part. */
function readingsOf(part: Part): [string, PropertyDescriptor][] {
  return Object.entries(Object.getOwnPropertyDescriptors(part)).filter(
    ([name, { get, set, configurable }]) => {
      if (!get || set || !configurable || name === "resolution") return false;
      const value: unknown = get.call(part);
      return typeof value !== "object" || value === null;
    },
  );
}
