import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import type { Trust } from "../safety/trust.js";
import type { Dialing } from "./dialing.js";
import type { FrameLink } from "./frame-link.js";
import { readFrame } from "./frame-reader.js";
import { FrameWriter } from "./frame-writer.js";
import { parseWelcome } from "./hello.js";
import { deniedBy, OutGreeting } from "./out-greeting.js";
import { RECORD } from "./records.js";

/** Who answers at an address. */
export type Probed =
  | { readonly kind: "node"; readonly node: string; readonly boot: string; readonly roundTripMs: number }
  /** Nobody listens there, or somebody who speaks another protocol. */
  | { readonly kind: "nobody" }
  /** There was no answer in time. */
  | { readonly kind: "silent" }
  /** Somebody who does not let us in, or does not prove to be the node. */
  | { readonly kind: "denied" };

export interface ProbeOptions {
  /** Name that the node is expected to have. */
  readonly target: string;
  readonly clock: Clock;
  readonly limitMs: number;
  /** By what the node is trusted, and trusts us. */
  readonly trust?: Trust | undefined;
}

/** Pings whose quickest counts: the first pays for waking both processes up. */
const PINGS = 3;

/** Asks who answers, and how quickly. Never rejects. */
export function probe(
  dial: (dialing: Dialing & { plain(): void }) => () => void,
  { target, clock, limitMs, trust }: ProbeOptions,
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
      // Whoever holds a node's credential may ask for the node in its own name: no message is sent.
      const greeting = new OutGreeting({ target, from: target, trust, link: open });
      const listener = new Listener({ link: open, clock, greeting, finish });
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

interface ListenerOptions {
  readonly link: FrameLink;
  readonly clock: Clock;
  readonly greeting: OutGreeting;
  readonly finish: (probed: Probed) => void;
}

class Listener {
  readonly #link: FrameLink;
  readonly #clock: Clock;
  readonly #greeting: OutGreeting;
  readonly #finish: (probed: Probed) => void;
  readonly #writer = new FrameWriter();
  #who = { node: "", boot: "" };
  #sentMs = 0;
  #bestMs = Number.POSITIVE_INFINITY;
  #pongs = 0;

  constructor({ link, clock, greeting, finish }: ListenerOptions) {
    this.#link = link;
    this.#clock = clock;
    this.#greeting = greeting;
    this.#finish = finish;
  }

  greet(target: string): void {
    const hello = { version: 1, sender: crypto.randomUUID(), target, channels: [] } as const;
    this.#link.send(this.#greeting.hello(hello));
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
    } catch (error) {
      const isDenied = error instanceof CircuitError && error.code === "ACCESS_DENIED";
      this.#finish({ kind: isDenied ? "denied" : "nobody" });
    }
  }

  #told(type: number, value: unknown): void {
    if (type === RECORD.challenge) {
      this.#link.send(this.#greeting.answer(value));
      return;
    }
    // The cast: of any object a field may be asked for.
    const { denied } = Object(value) as { denied?: unknown };
    if (type === RECORD.bye && denied !== undefined) throw deniedBy(this.#who.node, denied);
    if (type !== RECORD.welcome) throw new Error("it is leaving");
    const { node, boot } = parseWelcome(value);
    this.#greeting.check({ node, boot });
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
