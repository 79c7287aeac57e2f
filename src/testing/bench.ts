import { CircuitError } from "../core/error.js";
import type { PartState } from "../emulator/part.js";
import { type Angle, anglesOf, cornersOf, type PulseRange } from "./angles.js";
import { type DiagramRow, drawDiagram } from "./diagram.js";
import { listed } from "./listed.js";
import type { Tape } from "./tape.js";
import { type Tone, tonesOf } from "./tones.js";
import type { Watch } from "./watch.js";

export interface BenchOptions {
  readonly tape: Tape;
  readonly watch: Watch;
  /** Ids of the parts on each pin. */
  readonly parts: ReadonlyMap<number, readonly string[]>;
  /** Pins with a piezo: their edges are shown as tones. */
  readonly piezos: ReadonlySet<number>;
  /** Pins with a servo: their pulses are shown as angles. */
  readonly servos: ReadonlySet<number>;
  /** The parts as they are now; none while the board has no power. */
  readonly states: () => readonly PartState[];
}

/** Lines of a diagram: more do not tell more. */
const MOST_ROWS = 8;

/** What a diagram shows before now, at least, in milliseconds. */
const SHORTEST_MS = 100;

/** What expectations of one board look at, and how they say what happened instead. */
export class Bench {
  readonly tape: Tape;
  readonly watch: Watch;
  readonly states: () => readonly PartState[];
  readonly #parts: ReadonlyMap<number, readonly string[]>;
  readonly #piezos: ReadonlySet<number>;
  readonly #servos: ReadonlySet<number>;

  constructor({ tape, watch, parts, piezos, servos, states }: BenchOptions) {
    this.tape = tape;
    this.watch = watch;
    this.states = states;
    this.#parts = parts;
    this.#piezos = piezos;
    this.#servos = servos;
  }

  tonesSince(pin: number, fromMs: number): readonly Tone[] {
    return tonesOf(this.tape.edgesSince(pin, fromMs));
  }

  anglesSince(pin: number, fromMs: number, range?: PulseRange): readonly Angle[] {
    return anglesOf(this.tape.edgesSince(pin, fromMs), range);
  }

  /** The error of an expectation that was not met: what was expected, and what happened instead since then. */
  failure(problem: string, pin: number | undefined, fromMs: number): CircuitError {
    return new CircuitError("EXPECTATION_FAILED", `${problem}\n\n${this.#describe(pin, fromMs)}\n`);
  }

  /** What happened since the test did something last, and from where on the expectation looked at it. */
  #describe(subject: number | undefined, sinceMs: number): string {
    const toMs = this.watch.nowMs;
    const { markMs } = this.watch;
    const fromMs = Math.max(0, Math.min(markMs, sinceMs, toMs - SHORTEST_MS));
    const others = new Set([...this.#parts.keys(), ...this.tape.pins]);
    if (subject !== undefined) others.delete(subject);
    const pins = [...(subject === undefined ? [] : [subject]), ...[...others].sort((a, b) => a - b)];
    const rows = pins.slice(0, MOST_ROWS).map((pin) => this.#row(pin, fromMs));
    const deeds = this.watch.deeds.filter(({ atMs }) => atMs >= fromMs);
    const lookedFrom = sinceMs > markMs && sinceMs < toMs;
    return [
      drawDiagram({ fromMs, toMs, rows }),
      "",
      ...(lookedFrom ? [`looked at from ${sinceMs.toFixed(1)} on`] : []),
      ...(subject === undefined ? [] : this.#lists(subject, pins.slice(1, MOST_ROWS), fromMs)),
      listed(
        "the test",
        deeds.map(({ atMs, what }) => `${what} at ${atMs.toFixed(1)}`),
      ),
    ].join("\n");
  }

  #label(pin: number): string {
    return [pin, ...(this.#parts.get(pin) ?? [])].join(" ");
  }

  #row(pin: number, fromMs: number): DiagramRow {
    const label = this.#label(pin);
    if (this.#servos.has(pin)) return { label, angles: this.anglesSince(pin, fromMs) };
    if (this.#piezos.has(pin)) return { label, tones: this.tonesSince(pin, fromMs) };
    return {
      label,
      firstLevel: this.tape.levelAt(pin, fromMs),
      edges: this.tape.edgesSince(pin, fromMs),
    };
  }

  /** What the pin did; where it did nothing, what others did: it may be one of them that is meant. */
  #lists(subject: number, others: readonly number[], fromMs: number): readonly string[] {
    const happened = this.#happened(subject, fromMs);
    if (happened.length > 0) return [listed(`pin ${subject}`, happened)];
    const own = `pin ${subject}: ${this.#rest(subject)} all the time`;
    const rest = others.flatMap((pin) => {
      const items = this.#happened(pin, fromMs);
      return items.length > 0 ? [listed(`pin ${this.#label(pin)}`, items)] : [];
    });
    return [own, ...rest];
  }

  #rest(pin: number): string {
    if (this.#piezos.has(pin)) return "silent";
    if (this.#servos.has(pin)) return "no pulse";
    return this.tape.levelAt(pin) ? "high" : "low";
  }

  #happened(pin: number, fromMs: number): readonly string[] {
    if (this.#piezos.has(pin)) return this.tonesSince(pin, fromMs).map(describeTone);
    if (this.#servos.has(pin)) return cornersOf(this.anglesSince(pin, fromMs)).map(describeAngle);
    return this.tape
      .edgesSince(pin, fromMs)
      .map(({ level, atMs }) => `${level ? "high" : "low"} at ${atMs.toFixed(1)}`);
  }
}

function describeAngle({ degrees, atMs }: Angle): string {
  return `${degrees.toFixed(1)}° at ${atMs.toFixed(1)}`;
}

function describeTone({ frequencyHz, fromMs, toMs }: Tone): string {
  return `${frequencyHz.toFixed(1)} Hz at ${fromMs.toFixed(1)} for ${(toMs - fromMs).toFixed(1)} ms`;
}
