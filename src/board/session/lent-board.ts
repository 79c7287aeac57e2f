import type { EventEmitter } from "node:events";
import type { Board } from "../board.js";
import { lendTones } from "./piezo.js";
import type { EdgeReadingOptions } from "./readings/readings.js";

/** For whom a board is lent, and for how long. */
export interface Loan {
  /** Aborts when the board is taken back. */
  readonly signal: AbortSignal;
  /** Whether what is written counts for nothing at the moment. */
  readonly isPaused: boolean;
  /** Runs what the board calls, in the borrower's name. */
  enter<Result>(work: () => Result): Result;
  /** Runs what the board does, in nobody's name. */
  leave<Result>(work: () => Result): Result;
}

type Callback = (...args: unknown[]) => unknown;

/** Ways in which emitters are listened to, which are no writing. */
const LISTENING: ReadonlySet<PropertyKey> = new Set([
  ...["on", "once", "addListener", "prependListener", "prependOnceListener"],
  ...["off", "removeListener", "removeAllListeners"],
]);

/**
 * The same board, to be taken back: from then on nothing that was made with it writes, hears of anything or is kept. Pins
 * stay as they are. Johnny-Five's components take it for the board itself.
 */
export function lendBoard(board: Board, loan: Loan): Board {
  // The casts: what Johnny-Five's types leave out of a board.
  const inside = board as unknown as EventEmitter & { io: EventEmitter; register: { board?: unknown }[] };
  const listeners = new Listeners(loan);
  const io = lendIo(inside.io, { loan, listeners });
  const own: Readonly<Record<PropertyKey, unknown>> = {
    io,
    confirm: () => loan.leave(() => board.confirm()),
    ordered: (...pins: number[]) => {
      if (!loan.signal.aborted) loan.leave(() => board.ordered(...pins));
    },
    readings: lendReadings(board, loan),
    ...Object.fromEntries(
      [...LISTENING].map((name) => [name, listeners.caller(inside, Reflect.get(inside, name))]),
    ),
  };
  const lent: Board = new Proxy(board, {
    get: (target, name, receiver) =>
      Object.hasOwn(own, name) ? own[name] : Reflect.get(target, name, receiver),
  });
  lendTones(board, lent, () => !loan.signal.aborted && !loan.isPaused);
  const takeBack = () => {
    for (const emitter of [inside, inside.io]) listeners.leave(emitter);
    const kept = inside.register.filter((part) => part.board !== lent);
    inside.register.splice(0, inside.register.length, ...kept);
  };
  loan.signal.addEventListener("abort", takeBack, { once: true });
  return lent;
}

function lendIo(
  io: EventEmitter,
  { loan, listeners }: { readonly loan: Loan; readonly listeners: Listeners },
): EventEmitter {
  const callers = new Map<PropertyKey, Callback>();
  return new Proxy(io, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function" || name === "constructor") return value;
      const known = callers.get(name);
      if (known) return known;
      // The cast: a method, whatever it takes.
      const call = listeners.caller(target, value as Callback);
      const caller: Callback = (...args) => {
        const isOff = loan.signal.aborted || (loan.isPaused && !LISTENING.has(name));
        return isOff ? undefined : call(...args);
      };
      callers.set(name, caller);
      return caller;
    },
  });
}

/** Readings end with the loan. */
function lendReadings(board: Board, loan: Loan): Board["readings"] {
  // The cast: both kinds of pins are passed on as they are.
  const readings = board.readings as (
    pin: number,
    options?: EdgeReadingOptions,
  ) => ReturnType<Board["readings"]>;
  const lent = (pin: number, { signal, ...options }: EdgeReadingOptions = {}) => {
    const ending = signal ? AbortSignal.any([signal, loan.signal]) : loan.signal;
    return loan.leave(() => readings(pin, { ...options, signal: ending }));
  };
  return lent as Board["readings"];
}

/** Functions that a borrower has given a board to call. */
class Listeners {
  readonly #loan: Loan;
  readonly #guarded = new WeakMap<object, Callback>();
  readonly #all = new WeakSet<object>();

  constructor(loan: Loan) {
    this.#loan = loan;
  }

  /** A method that calls back only as long as the loan lasts. */
  caller(target: object, method: Callback): Callback {
    return (...args) =>
      this.#loan.leave(() =>
        Reflect.apply(
          method,
          target,
          args.map((arg) => (typeof arg === "function" ? this.#guard(arg as Callback) : arg)),
        ),
      );
  }

  /** Takes away what listens. */
  leave(emitter: EventEmitter): void {
    for (const name of emitter.eventNames())
      for (const listener of emitter.listeners(name))
        if (this.#all.has(listener)) emitter.removeListener(name, listener as Callback);
  }

  #guard(callback: Callback): Callback {
    const known = this.#guarded.get(callback);
    if (known) return known;
    const { signal, enter } = this.#loan;
    const guarded: Callback = function (this: unknown, ...args) {
      return signal.aborted ? undefined : enter(() => Reflect.apply(callback, this, args));
    };
    this.#guarded.set(callback, guarded);
    this.#all.add(guarded);
    return guarded;
  }
}
