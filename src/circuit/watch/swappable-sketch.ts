import { unlessAborted } from "../../core/abort.js";
import type { Clock } from "../../core/clock.js";
import { CircuitError, describeThrown } from "../../core/error.js";
import type { Observer } from "../../events/observer.js";
import type { Payload } from "../../mesh/payload.js";
import { Sketch, type SketchDelivery, type SketchHost } from "../../sketch/sketch.js";
import { Life } from "./life.js";
import { hostFor } from "./sketch-host.js";

/** How long messages that are being handled may take before their sketch is replaced, in milliseconds: a tune, not a day. */
const HANDLING_MS = 1_000;

/** How long the setup of a new version may take, in milliseconds, while the one before it stands still. */
const SETUP_MS = 5_000;

/** One version of a sketch, and what it has begun. */
interface Version {
  readonly sketch: Sketch;
  readonly life: Life;
  readonly observers: Set<Observer>;
}

export interface SwappableOptions {
  readonly clock: Clock;
  readonly notice: (text: string) => void;
}

/** A node's sketch, whichever version of it there is: the node, its port and its board stay as they are. */
export class SwappableSketch extends Sketch {
  override readonly usesBoard: boolean;
  readonly #options: SwappableOptions;
  #host: SketchHost | undefined;
  #present: Version;
  /** Opens when a swap is over; messages wait for it. */
  #gate: Promise<void> | undefined;
  /** Messages that are being handled. */
  readonly #handled = new Set<Promise<unknown>>();
  #isActing = false;

  constructor(sketch: Sketch, options: SwappableOptions) {
    super();
    this.usesBoard = sketch.usesBoard;
    this.#options = options;
    this.#present = versionOf(sketch);
    // Others are told what it is by its class.
    Object.defineProperty(this, "constructor", { get: () => this.sketch.constructor });
  }

  /** The version that runs. */
  get sketch(): Sketch {
    return this.#present.sketch;
  }

  override async start(host: SketchHost): Promise<void> {
    this.#host = host;
    const end = () => this.#present.life.end(host.signal.reason);
    host.signal.addEventListener("abort", end, { once: true });
    await startOn(this.#present, host);
  }

  override loop(channel: string, message: Payload, delivery: SketchDelivery): unknown {
    if (this.#gate) return this.#gate.then(() => this.loop(channel, message, delivery));
    const { sketch, life } = this.#present;
    const answer = life.enter(() => sketch.loop(channel, message, delivery));
    if (answer instanceof Promise) {
      this.#handled.add(answer);
      const done = () => void this.#handled.delete(answer);
      answer.then(done, done);
    }
    return answer;
  }

  /** Whichever version comes may act by itself: it never ends. */
  override run(): Promise<void> {
    this.#isActing = true;
    this.#act(this.#present);
    return new Promise(() => {});
  }

  /**
   * Has another version take the place of this one, once that has handled what it handles. It is set up before the one before
   * it ends, which writes nothing meanwhile; messages that come meanwhile are the new one's.
   *
   * @throws What its `setup()` throws, or `TIMEOUT`: the one before goes on, and the new one is over.
   */
  async swap(sketch: Sketch): Promise<void> {
    const host = this.#host;
    const former = this.#present;
    const next = versionOf(sketch);
    if (host === undefined) {
      this.#present = next;
      return;
    }
    let open = () => {};
    this.#gate = new Promise((resolve) => {
      open = resolve;
    });
    try {
      await this.#untilHandled(host.node);
      former.life.isPaused = true;
      await this.#setUp(next, host);
      this.#present = next;
      end(former);
    } catch (error) {
      end(next);
      former.life.isPaused = false;
      throw error;
    } finally {
      this.#gate = undefined;
      open();
    }
    if (this.#isActing) this.#act(next);
  }

  async #setUp(next: Version, host: SketchHost): Promise<void> {
    const limit = new AbortController();
    const late = () =>
      limit.abort(
        new CircuitError(
          "TIMEOUT",
          `Cannot set ${host.node} up: setup() has not ended in ${SETUP_MS / 1_000} s`,
        ),
      );
    const cancel = this.#options.clock.after(SETUP_MS, late);
    await unlessAborted(startOn(next, host), AbortSignal.any([limit.signal, host.signal])).finally(cancel);
  }

  /** What takes longer is left behind: its answer is its own, and its writes reach no pin. */
  async #untilHandled(node: string): Promise<void> {
    if (this.#handled.size === 0) return;
    const { clock, notice } = this.#options;
    let isLate = false;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(HANDLING_MS, () => {
        isLate = true;
        resolve();
      });
      void Promise.allSettled(this.#handled).then(() => {
        cancel();
        resolve();
      });
    });
    if (isLate) {
      notice(`${node}: ${this.#handled.size} being handled after ${HANDLING_MS} ms, by the sketch as it was`);
      this.#handled.clear();
    }
  }

  #act({ sketch, life }: Version): void {
    const { notice } = this.#options;
    const node = this.#host?.node ?? "";
    const failed = (error: unknown) => {
      if (life.isOver) return;
      notice(`${node} has stopped, and begins anew when it is changed: ${describeThrown(error)}`);
    };
    life.enter(() => sketch.run?.())?.catch(failed);
  }
}

/** The sketch itself, where it may be swapped the present one. */
export function presentOf(sketch: Sketch): Sketch {
  return sketch instanceof SwappableSketch ? sketch.sketch : sketch;
}

function versionOf(sketch: Sketch): Version {
  return { sketch, life: new Life(), observers: new Set() };
}

async function startOn({ sketch, life, observers }: Version, host: SketchHost): Promise<void> {
  const own = hostFor(host, life, (observer) => observers.add(observer));
  await life.enter(() => sketch.start(own));
}

function end({ life, observers }: Version): void {
  life.end(new CircuitError("NOT_RUN", "Cannot go on: another version of this sketch has taken its place"));
  for (const observer of observers) void observer.close();
  observers.clear();
}
