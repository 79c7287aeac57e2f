import type { Clock } from "../core/clock.js";
import { CircuitError, type CircuitErrorCode } from "../core/error.js";
import { Queue } from "../core/queue.js";
import type { PeerLoad, SentTally } from "./counts.js";
import type { MeshLimits } from "./limits.js";
import type { Connect, Link, LinkEnd } from "./link.js";
import { type Payload, plainTextOf } from "./payload.js";
import type { TraceContext } from "./trace.js";
import type { Waiter } from "./waiter.js";

export interface OutletOptions {
  readonly target: string;
  readonly channel: string;
  readonly connect: Connect;
  readonly clock: Clock;
  /** Time to wait for a connection before what is queued is rejected, in milliseconds; `Infinity` for ever. */
  readonly patienceMs: number;
  readonly limits: MeshLimits;
  readonly tally: SentTally;
  missing(address: string, problem: CircuitError): void;
  opened(): void;
  /** Nothing waits any more; the connection is kept. */
  idle(): void;
  /** Over: the next message needs another outlet. */
  ended(): void;
}

interface Queued {
  readonly message: string;
  readonly waiter: Waiter;
  readonly trace: TraceContext | undefined;
}

/**
 * The sender's end of one connection to a channel of a target, from the first message to the connection's end.
 * It matches acks to messages by their order. Nothing is sent twice.
 */
export class Outlet {
  readonly #options: OutletOptions;
  /** Who waits for the acks of what is on the link, oldest first. */
  readonly #onLink = new Queue<Waiter>();
  /** What waits for the link or for room on it. */
  readonly #queued = new Queue<Queued>();
  /** Messages that somebody still waits for. */
  #awaited = 0;
  /** How many were posted and answered, and of which one the time to its ack is taken; 0 for none. */
  #posted = 0;
  #answered = 0;
  #timed = 0;
  #startMs = 0;
  #link: Link | undefined;
  #isOver = false;
  /** Why there is no connection yet, as far as the connector knows. */
  #problem: CircuitError | undefined;
  #stopConnecting: (() => void) | undefined;
  readonly #stopPatience: () => void;

  constructor(options: OutletOptions) {
    const { clock, patienceMs } = options;
    this.#options = options;
    this.#stopPatience = Number.isFinite(patienceMs) ? clock.after(patienceMs, this.#giveUp) : () => {};
  }

  get target(): string {
    return this.#options.target;
  }

  get channel(): string {
    return this.#options.channel;
  }

  get isIdle(): boolean {
    return this.#onLink.length === 0 && this.#queued.length === 0;
  }

  /** Whether a message would be handed to the link at once. */
  get hasRoom(): boolean {
    const link = this.#link;
    return (
      link !== undefined &&
      this.#queued.length === 0 &&
      this.#onLink.length < this.#options.limits.outstanding &&
      !link.isFull
    );
  }

  /** Whether it is connected, and its messages under way and waiting. */
  get load(): PeerLoad {
    const isConnected = this.#link !== undefined;
    return {
      isConnected,
      outstanding: this.#onLink.length,
      window: isConnected ? this.#options.limits.outstanding : 0,
      queued: this.#queued.length,
    };
  }

  /** Connects. Until it is called, messages queue. */
  start(): void {
    const { connect, target, channel } = this.#options;
    const cancel = connect(target, channel, {
      missing: (address, problem) => {
        this.#problem = problem;
        this.#options.missing(address, problem);
      },
      opened: (link) => {
        this.#link = link;
        this.#stopPatience();
        this.#options.opened();
        this.#sendQueued();
      },
      ack: (text) => this.#acked(text),
      room: () => this.#sendQueued(),
      ended: (end) => this.#ended(end),
    });
    this.#stopConnecting = cancel;
  }

  /** Sends a checked message, now or as soon as there is a link with room. */
  post(payload: Payload, waiter: Waiter, trace?: TraceContext): void {
    const message = plainTextOf(payload);
    this.#options.tally.messages++;
    if (message === undefined) {
      this.#reject(
        waiter,
        this.#describe("MESSAGE_INVALID", "it speaks the plain protocol, which carries texts only"),
      );
      return;
    }
    this.#posted++;
    if (this.#timed === 0) this.#time();
    if (this.#link !== undefined && this.hasRoom) {
      this.#awaited++;
      this.#onLink.push(waiter);
      this.#link.send(message, trace);
      return;
    }
    if (this.#queued.length >= this.#options.limits.queued) {
      this.#posted--;
      this.#reject(
        waiter,
        this.#describe("NOT_RUN", `${this.#queued.length} messages wait already`, FLOODED),
      );
      return;
    }
    this.#awaited++;
    this.#queued.push({ message, waiter, trace });
  }

  /**
   * A waiter is gone, and with it the interest in so many messages. Where nobody waits for any other, the
   * connection is closed, so that the receiver stops too.
   */
  abandon(_waiter: Waiter, messages: number): void {
    this.#awaited -= messages;
    if (this.#awaited === 0 && !this.isIdle) this.#end();
  }

  /** Closes the connection and rejects what waits, with `PEER_LOST`. Idempotent. */
  close(): void {
    this.#fail(this.#describe("PEER_LOST", "the mesh is closed"));
  }

  readonly #giveUp = (): void => {
    const { patienceMs, limits } = this.#options;
    const reason =
      this.#stopConnecting === undefined
        ? `all ${limits.keptConnections} connections were busy for ${patienceMs} ms`
        : `no connection after ${patienceMs} ms`;
    this.#fail(this.#problem ?? this.#describe("PEER_MISSING", reason));
  };

  #sendQueued(): void {
    while (this.#queued.length > 0 && this.#link !== undefined && !this.#link.isFull) {
      if (this.#onLink.length >= this.#options.limits.outstanding) return;
      const { message, waiter, trace } = this.#queued.shift() as Queued; // there is one
      if (waiter.isGone) {
        this.#countAnswer();
        continue;
      }
      this.#onLink.push(waiter);
      this.#link.send(message, trace);
      waiter.sent();
    }
  }

  #acked(text: string): void {
    const waiter = this.#onLink.shift();
    if (waiter === undefined) {
      this.#end(); // an answer to nothing would shift every later ack
      return;
    }
    this.#options.tally.acks++;
    this.#countAnswer();
    if (!waiter.isGone) {
      this.#awaited--;
      waiter.acked(text);
    }
    if (this.#queued.length > 0) this.#sendQueued();
    if (this.isIdle) this.#options.idle();
  }

  #ended(end: LinkEnd): void {
    if (end.kind === "denied") this.#fail(end.problem);
    else if (end.kind === "lost") this.#fail(this.#describe("PEER_LOST", end.reason));
    else
      this.#fail(
        this.#describe("NOT_RUN", `its handler failed at an earlier message: ${end.reason}`),
        this.#describe("PEER_REFUSED", `its handler failed: ${end.reason}`),
      );
  }

  /** Rejects what waits; the oldest for a reason of its own. */
  #fail(problem: CircuitError, problemOfOldest = problem): void {
    const waiting = this.#end();
    for (const [index, waiter] of waiting.entries())
      this.#reject(waiter, index === 0 ? problemOfOldest : problem);
  }

  #reject(waiter: Waiter, problem: CircuitError): void {
    this.#options.tally.failures.add(problem.code);
    waiter.failed(problem);
  }

  #time(): void {
    this.#timed = this.#posted;
    this.#startMs = this.#options.clock.now();
  }

  #countAnswer(): void {
    if (++this.#answered !== this.#timed) return;
    this.#timed = 0;
    this.#options.tally.ackMs.add(this.#options.clock.now() - this.#startMs);
  }

  /** Ends the connection. Returns who still waits, one entry a message, oldest first. */
  #end(): Waiter[] {
    if (this.#isOver) return [];
    this.#isOver = true;
    this.#stopPatience();
    this.#stopConnecting?.();
    this.#link?.close();
    this.#link = undefined;
    const waiting = [...this.#onLink.drain(), ...this.#queued.drain().map(({ waiter }) => waiter)];
    this.#options.ended();
    return waiting;
  }

  #describe(code: CircuitErrorCode, reason: string, hint?: string): CircuitError {
    const message = `Cannot get an ack from ${this.target}: ${reason}`;
    return new CircuitError(code, message, hint === undefined ? {} : { hint });
  }
}

const FLOODED = "Wait for acks before sending more, or use stream(), which does.";
