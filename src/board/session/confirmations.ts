import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import { ECHO_COUNT_MODULUS, nameMode, PIN_MODE } from "../../firmata/protocol.js";
import { encodeToBoard } from "../../firmata/to-board.js";
import type { ToHost } from "../../firmata/to-host.js";
import type { DigitalWrite, PinMemory, PinRecord } from "./pin-memory.js";

/** How long a board may take to confirm what has reached it, in milliseconds: 400 times its usual 2.3. */
export const CONFIRM_TIMEOUT_MS = 1_000;

/** Modes whose values a board keeps as they were written; of the others only the mode is compared. */
const MODES_WITH_VALUE: ReadonlySet<number> = new Set([
  PIN_MODE.output,
  PIN_MODE.pwm,
  PIN_MODE.servo,
  PIN_MODE.tone,
]);

interface Waiter {
  /** The pins that it is about, as they are to be. */
  readonly pins: readonly PinRecord[];
  /** Number of the last digital write that an echo must have counted; 0 where none is waited for. */
  readonly writes: number;
  /** Answers to queries still to come. */
  queries: number;
  readonly deadlineMs: number;
  failure: CircuitError | undefined;
  readonly resolve: () => void;
  readonly reject: (error: CircuitError) => void;
}

/** A pin-state query on its way; `waiter` is missing when someone else asked. */
interface Query {
  readonly pin: number;
  readonly expected?: PinRecord;
  readonly waiter?: Waiter;
}

export interface ConfirmationsOptions {
  readonly memory: PinMemory;
  readonly clock: Clock;
  /** Sends a message of the session's own. */
  readonly send: (frame: Uint8Array) => void;
  /** When all that was sent will have reached the board, on the clock, in milliseconds. */
  readonly wireFreeAtMs: () => number;
}

const CONFIRMED = Promise.resolve();

/**
 * Barriers: `confirm()` resolves when the board has executed all that was sent before.
 *
 * On any Firmata the board is asked for the state of the pins that were written. Our own firmware counts
 * digital writes and says so unasked, which spares the query. Messages are executed and answered in order,
 * so one queue for each kind of answer is enough, and every waiter has its own answer.
 */
export class Confirmations {
  readonly #memory: PinMemory;
  readonly #clock: Clock;
  readonly #send: (frame: Uint8Array) => void;
  readonly #wireFreeAtMs: () => number;
  readonly #waiters: Waiter[] = [];
  readonly #queries: Query[] = [];
  /** Writes that no echo has counted yet, oldest first; the last one is number `#sent`. */
  #writes: DigitalWrite[] = [];
  #sent = 0;
  #counted = 0;
  /** `#counted` when the board began to count from 0. */
  #countedFrom = 0;
  #echoes: "off" | "asked" | "on" = "off";
  /** What an echo told of a write that nobody had asked to be confirmed yet. */
  #unheard: CircuitError | undefined;
  #lastStarted: Promise<void> = CONFIRMED;
  #cancelTimer: (() => void) | undefined;
  #failure: CircuitError | undefined;
  /** Those who wait for a board that is away; `undefined` while it is there. */
  #stranded: Waiter[] | undefined;
  /** Why nobody waits any longer for the board that is away. */
  #impatience: CircuitError | undefined;

  constructor({ memory, clock, send, wireFreeAtMs }: ConfirmationsOptions) {
    this.#memory = memory;
    this.#clock = clock;
    this.#send = send;
    this.#wireFreeAtMs = wireFreeAtMs;
  }

  /** Asks our firmware for echoes, which begins to count from 0. Until it has answered, pins are queried. */
  startEchoes(): void {
    this.#echoes = "asked";
    this.#writes = [];
    this.#unheard = undefined;
    this.#counted = this.#sent;
    this.#countedFrom = this.#sent;
    this.#send(encodeToBoard({ type: "echo", on: true }));
  }

  /** Number of digital writes sent. */
  get sent(): number {
    return this.#sent;
  }

  /** Number of digital writes that no echo has counted, and of queries without an answer. */
  get unconfirmed(): number {
    return this.#writes.length + this.#queries.length;
  }

  /** Takes note of a digital write that has just been sent. */
  wrote(write: DigitalWrite): void {
    if (this.#stranded) return;
    this.#sent++;
    if (this.#echoes !== "off") this.#writes.push(write);
  }

  /** Takes note of a pin-state query that someone else has sent: its answer is not ours. */
  queried(pin: number): void {
    if (!this.#stranded) this.#queries.push({ pin });
  }

  /**
   * Resolves when the board has executed all that was sent before this call. Where it is away, that is when it is back.
   *
   * @throws {CircuitError} `PIN_UNCONFIRMED` when a pin's mode or value is another than was written, or the board
   *   does not answer within a second of the last byte's arrival; `SUPERSEDED` when the board was away, and came back to
   *   a value that was written later; the cause of `fail()` after that, and of `loseHope()` until the board is back.
   */
  confirm(): Promise<void> {
    const refusal = this.#failure ?? this.#impatience;
    if (refusal) return Promise.reject(refusal);
    if (this.#stranded) return this.#strand(this.#stranded);
    if (!this.#memory.hasDue) return this.#waiters.length > 0 ? this.#lastStarted : CONFIRMED;
    const { pins, queries, levels } = this.#memory.takeDue(this.#echoes === "on");
    if (queries.length === 0 && !levels) return this.#lastStarted;
    const confirmed = new Promise<void>((resolve, reject) => {
      for (const { pin } of queries) this.#send(encodeToBoard({ type: "queryPinState", pin }));
      const waiter: Waiter = {
        pins,
        writes: levels ? this.#sent : 0,
        queries: queries.length,
        deadlineMs: this.#wireFreeAtMs() + CONFIRM_TIMEOUT_MS,
        failure: levels ? this.#unheard : undefined,
        resolve,
        reject,
      };
      for (const expected of queries) this.#queries.push({ pin: expected.pin, expected, waiter });
      this.#waiters.push(waiter);
    });
    this.#unheard = undefined;
    this.#lastStarted = confirmed;
    // Whoever asks late finds that the echo has been here already.
    this.#settle();
    this.#watch();
    return confirmed;
  }

  /** @returns Whether the message was an answer to this session and nobody else's business. */
  receive(message: ToHost): boolean {
    if (message.type === "echo") {
      if (this.#echoes === "on") this.#countTo(message);
      return true;
    }
    if (message.type === "echoing") {
      if (this.#echoes === "asked") this.#echoes = "on";
      return true;
    }
    if (message.type !== "pinState") return false;
    const at = this.#queries.findIndex(({ pin }) => pin === message.pin);
    if (at < 0) return false;
    // Answers come in order: queries before this one were lost on the way, and time out.
    const query = this.#queries.splice(0, at + 1)[at];
    if (!query?.waiter || !query.expected) return false;
    query.waiter.queries--;
    query.waiter.failure ??= mismatch(query.expected, message);
    this.#settle();
    return true;
  }

  /** The board is away, or begins anew: what is under way will not be answered. Who waits goes on waiting. */
  suspend(): void {
    this.#stopWatching();
    this.#queries.length = 0;
    this.#writes = [];
    this.#unheard = undefined;
    this.#echoes = "off";
    this.#stranded = [...(this.#stranded ?? []), ...this.#waiters.splice(0)];
  }

  /** The board stays away: rejects everybody who waits, and who asks until it is back. */
  loseHope(cause: CircuitError): void {
    this.#impatience = cause;
    for (const waiter of this.#stranded?.splice(0) ?? []) waiter.reject(cause);
  }

  /**
   * The board is back, and has been told all modes and values. Asks for them: who waits is confirmed by that.
   *
   * @param hasEchoes Whether it is our firmware.
   * @throws {CircuitError} As `confirm()` does.
   */
  async resume(hasEchoes: boolean): Promise<void> {
    const stranded = this.#stranded ?? [];
    this.#stranded = undefined;
    this.#impatience = undefined;
    if (hasEchoes) this.startEchoes();
    const [current, outdated] = [[], []] as [Waiter[], Waiter[]];
    for (const waiter of stranded)
      (waiter.pins.some((pin) => this.#memory.hasChanged(pin)) ? outdated : current).push(waiter);
    for (const { reject } of outdated) reject(superseded());
    this.#memory.makeAllDue();
    try {
      await this.confirm();
      for (const { resolve } of current) resolve();
    } catch (error) {
      // The cast: confirm() throws nothing else.
      for (const { reject } of current) reject(error as CircuitError);
      throw error;
    }
  }

  /** Rejects everybody who waits, and from now on everybody who asks. */
  fail(cause: CircuitError): void {
    this.#failure = cause;
    this.#stopWatching();
    this.#queries.length = 0;
    for (const waiter of [...this.#waiters.splice(0), ...(this.#stranded?.splice(0) ?? [])])
      waiter.reject(cause);
  }

  #strand(stranded: Waiter[]): Promise<void> {
    if (!this.#memory.hasDue) return stranded.length > 0 ? this.#lastStarted : CONFIRMED;
    const { pins } = this.#memory.takeDue(false);
    this.#lastStarted = new Promise<void>((resolve, reject) => {
      stranded.push({ pins, writes: 0, queries: 0, deadlineMs: 0, failure: undefined, resolve, reject });
    });
    return this.#lastStarted;
  }

  #stopWatching(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #countTo({ port, levels, count }: Extract<ToHost, { type: "echo" }>): void {
    const known = (this.#counted - this.#countedFrom) % ECHO_COUNT_MODULUS;
    const more = (count - known + ECHO_COUNT_MODULUS) % ECHO_COUNT_MODULUS;
    if (more === 0 || more > this.#writes.length) return;
    const counted = this.#writes.splice(0, more);
    this.#counted += more;
    const last = counted.findLast((write) => write.port === port);
    if (last && differing(last, levels) !== 0) {
      const failure = levelMismatch(last, levels);
      const waiter = this.#waiters.find(({ writes }) => writes > this.#counted - more);
      if (waiter) waiter.failure ??= failure;
      else this.#unheard ??= failure;
    }
    this.#settle();
  }

  #settle(): void {
    let done = 0;
    for (const waiter of this.#waiters) {
      if (waiter.queries > 0 || waiter.writes > this.#counted) break;
      done++;
      if (waiter.failure) waiter.reject(waiter.failure);
      else waiter.resolve();
    }
    if (done > 0) this.#waiters.splice(0, done);
  }

  /** One timer for all: it looks at the oldest waiter, and again when that one's time would be over. */
  #watch(): void {
    const [oldest] = this.#waiters;
    if (this.#cancelTimer || !oldest) return;
    this.#cancelTimer = this.#clock.after(Math.max(0, oldest.deadlineMs - this.#clock.now()), () => {
      this.#cancelTimer = undefined;
      const now = this.#clock.now();
      while (this.#waiters[0] && this.#waiters[0].deadlineMs <= now) this.#giveUp();
      this.#watch();
    });
  }

  /** A write that was lost leaves the two counts apart: nothing that waits for a count can be known. */
  #countAnew(): void {
    for (const waiter of this.#waiters.filter(({ writes }) => writes > this.#counted)) {
      this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
      waiter.reject(unanswered(""));
    }
    this.startEchoes();
  }

  #giveUp(): void {
    const waiter = this.#waiters.shift();
    if (!waiter) return;
    const missing = this.#queries.filter((query) => query.waiter === waiter);
    const pins = missing.length > 0 ? ` of pin ${missing.map(({ pin }) => pin).join(", ")}` : "";
    for (const query of missing) this.#queries.splice(this.#queries.indexOf(query), 1);
    waiter.reject(unanswered(pins));
    if (this.#echoes === "on" && waiter.writes > this.#counted) this.#countAnew();
  }
}

function mismatch(
  { pin, mode, value }: PinRecord,
  actual: { readonly mode: number; readonly value: number },
): CircuitError | undefined {
  const modeDiffers = mode !== undefined && actual.mode !== mode;
  const valueDiffers = mode !== undefined && MODES_WITH_VALUE.has(mode) && actual.value !== value;
  if (!modeDiffers && !valueDiffers) return undefined;
  const wrote = `${nameMode(mode ?? actual.mode)} ${value}`;
  return unconfirmed(pin, wrote, `${nameMode(actual.mode)} ${actual.value}`);
}

function unanswered(pins: string): CircuitError {
  return new CircuitError(
    "PIN_UNCONFIRMED",
    `Cannot confirm a write${pins}: the board did not answer within ${CONFIRM_TIMEOUT_MS} ms`,
    { hint: "Check the cable, and that the board still runs its Firmata (a reset loses all pin modes)." },
  );
}

function superseded(): CircuitError {
  return new CircuitError(
    "SUPERSEDED",
    "Cannot confirm a write: the board was away, and came back to what was written later",
    { hint: "Nothing need be done where only the last value matters; otherwise write it again." },
  );
}

/** A bit for each pin that has another level than was written; of those that were told no mode nothing is known. */
function differing({ levels, outputs }: DigitalWrite, echoed: number): number {
  return (levels ^ echoed) & outputs;
}

function levelMismatch(write: DigitalWrite, echoed: number): CircuitError {
  const bit = 31 - Math.clz32(differing(write, echoed));
  return unconfirmed(write.port * 8 + bit, `${(write.levels >> bit) & 1}`, `${(echoed >> bit) & 1}`);
}

function unconfirmed(pin: number, wrote: string, found: string): CircuitError {
  return new CircuitError(
    "PIN_UNCONFIRMED",
    `Cannot confirm pin ${pin}: wrote ${wrote}, the board has ${found}`,
    {
      hint: "Check that nothing else drives the board, and that the pin can do what is asked of it.",
    },
  );
}
