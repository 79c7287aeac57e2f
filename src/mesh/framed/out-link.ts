import { backoff } from "../../core/backoff.js";
import type { Clock } from "../../core/clock.js";
import { CircuitError, messageOf } from "../../core/error.js";
import type { MeshLimits } from "../limits.js";
import type { Dial, Dialing, Found } from "./dialing.js";
import type { EventOutput } from "./event-exchange.js";
import type { FrameLink, FrameLinkEvents } from "./frame-link.js";
import type { FrameWriter } from "./frame-writer.js";
import { KeepAlive } from "./keep-alive.js";
import { deniedBy, type Identity, OutGreeting } from "./out-greeting.js";
import { type Hello, RECORD, type Welcome } from "./records.js";
import type { SharedRecords } from "./shared-records.js";
import { TurnWriter } from "./turn-writer.js";

/** How long both ends keep a session after its link broke, in milliseconds: a router's restart. */
export const SESSION_KEPT_MS = 60_000;

/** Wait before a link is sought again whose greeting was cut off, in milliseconds. */
const GREETING_RETRY_MS = 50;

/** A link that was open for so long was a good one, in milliseconds: the waits after it begin anew. */
const GOOD_LINK_MS = 10_000;

export interface OutLinkOptions extends Identity {
  readonly target: string;
  readonly dial: Dial;
  readonly clock: Clock;
  readonly limits: Pick<MeshLimits, "silenceMs">;
  readonly schedule: (callback: () => void) => void;
  missing(address: string, problem: CircuitError): void;
  /** Adds what should ride along with a frame that is about to leave. */
  beforeFlush(): void;
  /** What to say first on a new link. */
  hello(): Omit<Hello, "from" | "nonce">;
  /** A frame; what is thrown costs the link. */
  frame(frame: Uint8Array, nowMs: number): void;
  /** A full link may have room again. */
  room(): void;
  /** The link is gone. @returns Whether another is needed. */
  lost(): boolean;
  /** There was no link for so long. */
  gaveUp(patienceMs: number, problem: CircuitError | undefined): void;
  /** The target does not let the sender in, or is not to be trusted. */
  denied(problem: CircuitError): void;
}

/** Keeps a sender's session on a link: dials, greets, asks whether the receiver is there, dials again. */
export class OutLink implements EventOutput {
  readonly writer: TurnWriter;
  readonly #options: OutLinkOptions;
  readonly #keepAlive: KeepAlive;
  #link: FrameLink | undefined;
  #greeting: OutGreeting | undefined;
  #isOpen = false;
  #isOver = false;
  #found: Found | undefined;
  /** Why there is no link, as far as is known. */
  #problem: CircuitError | undefined;
  /** Before a link is sought again to a receiver that has said what it may not. */
  #waits = backoff({ firstMs: GREETING_RETRY_MS });
  /** When the receiver answered the greeting, on the clock, in milliseconds. */
  #openedAtMs = Number.POSITIVE_INFINITY;
  /** The same after links in a row that broke before the receiver had said anything but its welcome. */
  #barrenWaits: Iterator<number, never> | undefined;
  #stopDialing: () => void = () => {};
  #stopPatience: () => void = () => {};
  #stopWatching: () => void = () => {};

  constructor(options: OutLinkOptions) {
    this.#options = options;
    this.writer = new TurnWriter(options.schedule, () => options.beforeFlush());
    const { silenceMs } = options.limits;
    const times = { askAfterMs: silenceMs / 2, giveUpAfterMs: silenceMs };
    this.#keepAlive = new KeepAlive(options.clock, times, {
      ask: () => this.writer.record.numbers(RECORD.ping, 0),
      giveUp: () => this.drop(`it was silent for ${silenceMs} ms`, 0),
    });
  }

  /** Whether the receiver has answered the greeting. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  get hasRoom(): boolean {
    return this.#isOpen && this.#link?.isFull === false;
  }

  /** See `EventOutput`, also those that follow. */
  get isFull(): boolean {
    return !this.hasRoom;
  }

  get record(): FrameWriter {
    return this.writer.record;
  }

  share(shared: SharedRecords): void {
    this.writer.share(shared);
  }

  /** Where the target was found, if it had been looked for. */
  get found(): Found | undefined {
    return this.#found;
  }

  /** Begins to connect, for so long. */
  seek(patienceMs: number, waitMs = 0): void {
    this.#stopPatience();
    this.#stopPatience = Number.isFinite(patienceMs)
      ? this.#options.clock.after(patienceMs, () => this.#options.gaveUp(patienceMs, this.#problem))
      : () => {};
    this.#dial(waitMs);
  }

  /**
   * The receiver asks for a proof.
   *
   * @throws {CircuitError} `ACCESS_DENIED` where there is none to give.
   */
  challenged(challenge: unknown): void {
    if (this.#isOpen || !this.#greeting) throw new Error("it asks for a proof when the greeting is over");
    this.#link?.send(this.#greeting.answer(challenge));
  }

  /**
   * The receiver leaves, or does not let the sender in.
   *
   * @throws {CircuitError} `ACCESS_DENIED`.
   */
  refuseIfDenied(reason: unknown): void {
    if (!this.#isOpen && reason !== undefined) throw deniedBy(this.#options.target, reason);
  }

  /**
   * Checks a welcome.
   *
   * @returns Whether the receiver has proved who it is.
   * @throws {CircuitError} `ACCESS_DENIED` from one who should have.
   */
  check(welcome: Pick<Welcome, "node" | "boot">): boolean {
    return this.#greeting?.check(welcome) === true;
  }

  /** The receiver has answered the greeting. */
  welcomed(): void {
    this.#stopWatching = this.#greeting?.watch(() => this.drop("a credential has changed", 0)) ?? (() => {});
    this.#stopPatience();
    this.#problem = undefined;
    this.#isOpen = true;
    this.#openedAtMs = this.#options.clock.now();
  }

  /** Closes the link, and seeks another if one is needed. */
  drop(reason: string, waitMs: number): void {
    this.#link?.close();
    this.#lost(reason, waitMs);
  }

  /** Stops connecting, sends what there is, and closes the link. Idempotent. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopPatience();
    this.#keepAlive.stop();
    if (this.#isOpen) this.writer.flush();
    this.#link?.close();
    this.#detach();
    this.#stopDialing();
  }

  #dial(waitMs: number): void {
    const { dial, target, missing } = this.#options;
    const dialing: Dialing = {
      missing: (address, problem) => {
        this.#problem = problem;
        missing(address, problem);
      },
      opened: (link, found) => this.#greet(link, found),
      denied: (problem) => this.#options.denied(problem),
    };
    this.#stopDialing = dial(target, dialing, waitMs);
  }

  #greet(link: FrameLink, found: Found | undefined): FrameLinkEvents {
    this.#link = link;
    this.#found = found;
    this.writer.attach(link);
    const { target, from, trust, asGuest, hello } = this.#options;
    const isHearsay = found?.isHearsay === true;
    this.#greeting = new OutGreeting({ target, from, trust, asGuest, link, isHearsay });
    link.send(this.#greeting.hello(hello()));
    if (link.isLocal !== true) this.#keepAlive.start();
    return {
      frame: (frame) => this.#take(link, frame),
      room: () => {
        if (this.#link === link) this.#options.room();
      },
      ended: (reason) => {
        if (this.#link !== link) return;
        const waitMs = this.#barrenWaits?.next().value ?? 0;
        if (this.#isOpen) this.#barrenWaits ??= backoff({ firstMs: GREETING_RETRY_MS });
        this.#lost(reason, waitMs);
      },
    };
  }

  #take(link: FrameLink, frame: Uint8Array): void {
    if (this.#link !== link) return;
    const nowMs = this.#options.clock.now();
    this.#keepAlive.heard(nowMs);
    const wasOpen = this.#isOpen;
    try {
      this.#options.frame(frame, nowMs);
      if (wasOpen) this.#barrenWaits = undefined;
    } catch (error) {
      if (error instanceof CircuitError && error.code === "ACCESS_DENIED") this.#denied(error);
      else this.drop(messageOf(error), this.#waitAfter(nowMs - this.#openedAtMs));
    }
  }

  /** How long to wait after a link that was open for so long and then said what it may not. */
  #waitAfter(openMs: number): number {
    if (openMs > GOOD_LINK_MS) this.#waits = backoff({ firstMs: GREETING_RETRY_MS });
    return this.#waits.next().value;
  }

  /** Tries the next of those who claim to be the target, or gives up. */
  #denied(problem: CircuitError): void {
    this.#link?.close();
    if (this.#found?.denied?.() === true) {
      this.#lost(problem.message, 0);
      if (!this.#isOver) {
        this.#problem = problem;
        return;
      }
      // Nothing was to be sent, so the next is not tried now.
    }
    this.#options.denied(problem);
  }

  #lost(reason: string, waitMs: number): void {
    if (this.#isOver || this.#link === undefined) return;
    const wasOpen = this.#isOpen;
    this.#keepAlive.stop();
    this.#detach();
    if (!this.#options.lost()) return;
    this.#problem = new CircuitError(
      wasOpen ? "PEER_LOST" : "PEER_MISSING",
      `Cannot get an ack from ${this.#options.target}: ${reason}`,
    );
    // A greeting that was cut off says nothing of the receiver: the patience that runs goes on.
    if (wasOpen) this.seek(SESSION_KEPT_MS, waitMs);
    else this.#dial(Math.max(waitMs, GREETING_RETRY_MS));
  }

  #detach(): void {
    this.#stopWatching();
    this.#stopWatching = () => {};
    this.#greeting = undefined;
    this.#link = undefined;
    this.#isOpen = false;
    this.#openedAtMs = Number.POSITIVE_INFINITY;
    this.writer.attach(undefined);
  }
}
