import type { Clock } from "../core/clock.js";
import type { Entry } from "./entry.js";

/** Takes what happens in a circuit, as it happens: a recording, or who watches. */
export interface Journal {
  /** Milliseconds since it began. */
  readonly nowMs: number;

  /** A number for the next message. */
  nextMessage(): number;

  add(entry: Entry): void;
}

/** Hands what happens to whoever wants to know, and to another journal where there is one. */
export class ToldJournal implements Journal {
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #told: (entry: Entry) => void;
  readonly #next: Journal | undefined;
  #messages = 0;

  constructor(clock: Clock, told: (entry: Entry) => void, next: Journal | undefined) {
    this.#clock = clock;
    this.#startMs = clock.now();
    this.#told = told;
    this.#next = next;
  }

  get nowMs(): number {
    return this.#next?.nowMs ?? this.#clock.now() - this.#startMs;
  }

  nextMessage(): number {
    return this.#next?.nextMessage() ?? ++this.#messages;
  }

  add(entry: Entry): void {
    this.#next?.add(entry);
    this.#told(entry);
  }
}
