import { CircuitError } from "../core/error.js";
import type { PartState } from "../emulator/part.js";
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

  constructor({ tape, watch, parts, piezos, states }: BenchOptions) {
    this.tape = tape;
    this.watch = watch;
    this.states = states;
    this.#parts = parts;
    this.#piezos = piezos;
  }

  tonesSince(pin: number, fromMs: number): readonly Tone[] {
    return tonesOf(this.tape.edgesSince(pin, fromMs));
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
      ...(subject === undefined ? [] : [this.#list(subject, fromMs)]),
      listed(
        "the test",
        deeds.map(({ atMs, what }) => `${what} at ${atMs.toFixed(1)}`),
      ),
    ].join("\n");
  }

  #row(pin: number, fromMs: number): DiagramRow {
    const label = [pin, ...(this.#parts.get(pin) ?? [])].join(" ");
    if (this.#piezos.has(pin)) return { label, tones: this.tonesSince(pin, fromMs) };
    return {
      label,
      firstLevel: this.tape.levelAt(pin, fromMs),
      edges: this.tape.edgesSince(pin, fromMs),
    };
  }

  #list(pin: number, fromMs: number): string {
    const happened = this.#piezos.has(pin)
      ? this.tonesSince(pin, fromMs).map(describeTone)
      : this.tape
          .edgesSince(pin, fromMs)
          .map(({ level, atMs }) => `${level ? "high" : "low"} at ${atMs.toFixed(1)}`);
    return listed(`pin ${pin}`, happened);
  }
}

function describeTone({ frequencyHz, fromMs, toMs }: Tone): string {
  return `${frequencyHz.toFixed(1)} Hz at ${fromMs.toFixed(1)} for ${(toMs - fromMs).toFixed(1)} ms`;
}
