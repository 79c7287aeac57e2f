import type { Act } from "../circuit/seen/seen.js";
import { CircuitError, messageOf } from "../core/error.js";
import { type Audience, type Broadcast, told } from "./broadcast.js";
import type { LiveCircuit } from "./live-circuit.js";
import { readFromPage } from "./read-from-page.js";

/** One page's connection, as a viewer needs it. */
export interface PageLink {
  send(data: string | Uint8Array): void;
  /** Bytes handed over that the page has not taken. */
  readonly unsentBytes: number;
  close(reason: string): void;
}

export interface ViewerOptions {
  readonly circuit: LiveCircuit;
  readonly broadcast: Broadcast;
  readonly version: string;
  /** Whether what a page shows of itself lets it act. */
  mayAct(token: string | null): boolean;
  /** Whether a page that may not act may look on. */
  readonly isOpen: boolean;
}

/** A page that has not taken so much is cut: it comes again, and is told what is, not what was. */
const MOST_UNSENT_BYTES = 64 * 2 ** 20;

/** A page with so much under way is not told what has a present: a later one will do. */
const BUSY_BYTES = 2 ** 20;

/** Things that one page may ask for at the same time. */
const MOST_ACTS = 16;

/** One page that looks on, and whose hands act where they may. */
export class Viewer implements Audience {
  readonly #link: PageLink;
  readonly #options: ViewerOptions;
  #mayAct = false;
  #leave: (() => void) | undefined;
  #acts = 0;

  constructor(link: PageLink, options: ViewerOptions) {
    this.#link = link;
    this.#options = options;
  }

  send(data: string | Uint8Array): void {
    if (this.#link.unsentBytes > MOST_UNSENT_BYTES) this.#link.close("it takes too slowly");
    else this.#link.send(data);
  }

  sendState(text: string): void {
    if (this.#link.unsentBytes < BUSY_BYTES) this.#link.send(text);
  }

  /** Takes what the page says. */
  take(text: string): void {
    const said = readFromPage(text);
    if (said === undefined) {
      this.#link.close("what it said is none of a page's words");
    } else if (said.type === "hello") {
      this.#welcome(said.token);
    } else {
      void this.#act(said.id, said.act);
    }
  }

  /** The page is gone. */
  gone(): void {
    this.#leave?.();
  }

  #welcome(token: string | null): void {
    const { circuit, broadcast, version, mayAct, isOpen } = this.#options;
    if (this.#leave !== undefined) return;
    this.#mayAct = mayAct(token);
    if (!this.#mayAct && !isOpen) {
      this.#link.close("it needs the token");
      return;
    }
    const { title, boards, drawing } = circuit;
    const nowMs = circuit.nowMs();
    this.#link.send(told({ type: "welcome", version, title, nowMs, mayAct: this.#mayAct, boards, drawing }));
    this.#leave = broadcast.add(this);
  }

  async #act(id: number, act: Act): Promise<void> {
    try {
      this.#link.send(told({ type: "answer", id, text: await this.#do(act) }));
    } catch (error) {
      const hint = error instanceof CircuitError ? (error.hint ?? null) : null;
      this.#link.send(told({ type: "refusal", id, message: messageOf(error), hint }));
    }
  }

  async #do(act: Act): Promise<string> {
    if (!this.#mayAct) {
      throw new CircuitError("ACCESS_DENIED", `Cannot ${act.do}: this page has not shown the token`, {
        hint: "Open the address that the circuit printed, with its token.",
      });
    }
    if (this.#acts >= MOST_ACTS)
      throw new CircuitError("OUTBOX_FULL", `Cannot ${act.do}: ${MOST_ACTS} things are under way`);
    this.#acts++;
    try {
      return await this.#options.circuit.act(act);
    } finally {
      this.#acts--;
    }
  }
}
