import type { Clock } from "../../core/clock.js";
import type { FrameLink } from "./frame-link.js";
import { readFrame } from "./frame-reader.js";
import { FrameWriter } from "./frame-writer.js";
import { parseWelcome } from "./hello.js";
import type { Dialing } from "./out-link.js";
import { type Hello, RECORD } from "./records.js";

/** Who answers at an address. */
export type Probed =
  | { readonly kind: "node"; readonly node: string; readonly boot: string; readonly roundTripMs: number }
  /** Nobody listens there, or somebody who speaks another protocol. */
  | { readonly kind: "nobody" }
  /** There was no answer in time. */
  | { readonly kind: "silent" };

export interface ProbeOptions {
  /** Name that the node is expected to have. */
  readonly target: string;
  readonly clock: Clock;
  readonly limitMs: number;
}

/** Pings whose quickest counts: the first pays for waking both processes up. */
const PINGS = 3;

/** Asks who answers, and how quickly. Never rejects. */
export function probe(
  dial: (dialing: Dialing & { plain(): void }) => () => void,
  { target, clock, limitMs }: ProbeOptions,
): Promise<Probed> {
  return new Promise((resolve) => {
    let link: FrameLink | undefined;
    let stopDialing = () => {};
    const finish = (probed: Probed) => {
      stopWaiting();
      stopDialing();
      link?.close();
      resolve(probed);
    };
    const stopWaiting = clock.after(limitMs, () => finish({ kind: "silent" }));
    const opened = (open: FrameLink) => {
      link = open;
      const listener = new Listener(open, clock, finish);
      listener.greet(target);
      return {
        frame: (frame: Uint8Array) => listener.take(frame),
        room: () => {},
        ended: () => finish({ kind: "nobody" }),
      };
    };
    stopDialing = dial({
      opened,
      missing: () => finish({ kind: "nobody" }),
      plain: () => finish({ kind: "nobody" }),
    });
  });
}

class Listener {
  readonly #link: FrameLink;
  readonly #clock: Clock;
  readonly #finish: (probed: Probed) => void;
  readonly #writer = new FrameWriter();
  #who = { node: "", boot: "" };
  #sentMs = 0;
  #bestMs = Number.POSITIVE_INFINITY;
  #pongs = 0;

  constructor(link: FrameLink, clock: Clock, finish: (probed: Probed) => void) {
    this.#link = link;
    this.#clock = clock;
    this.#finish = finish;
  }

  greet(target: string): void {
    const hello: Hello = { version: 1, sender: crypto.randomUUID(), target, channels: [] };
    this.#writer.json(RECORD.hello, hello);
    this.#link.send(this.#writer.take(this.#link.headBytes));
  }

  take(frame: Uint8Array): void {
    const refuse = () => {
      throw new Error("nothing was sent that this answers");
    };
    try {
      readFrame(frame, {
        json: (type, value) => this.#told(type, value),
        open: refuse,
        chain: refuse,
        message: refuse,
        ack: refuse,
        failure: refuse,
        numbers: (type) => {
          if (type === RECORD.pong) this.#ponged();
        },
      });
    } catch {
      this.#finish({ kind: "nobody" });
    }
  }

  #told(type: number, value: unknown): void {
    if (type !== RECORD.welcome) throw new Error("it is leaving");
    const { node, boot } = parseWelcome(value);
    this.#who = { node, boot };
    this.#ping();
  }

  #ping(): void {
    this.#sentMs = this.#clock.now();
    this.#writer.numbers(RECORD.ping, this.#pongs);
    this.#link.send(this.#writer.take(this.#link.headBytes));
  }

  #ponged(): void {
    this.#bestMs = Math.min(this.#bestMs, this.#clock.now() - this.#sentMs);
    this.#pongs++;
    if (this.#pongs < PINGS) {
      this.#ping();
      return;
    }
    // So that the session, which nobody will go on with, is forgotten at once.
    this.#writer.json(RECORD.bye, {});
    this.#link.send(this.#writer.take(this.#link.headBytes));
    this.#finish({ kind: "node", ...this.#who, roundTripMs: this.#bestMs });
  }
}
