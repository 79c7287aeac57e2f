import type { Board } from "../../board/board.js";
import { lendBoard } from "../../board/session/lent-board.js";
import type { Observer } from "../../events/observer.js";
import type { SketchHost } from "../../sketch/sketch.js";
import type { Life } from "./life.js";

/** Never settles: what is over waits for nothing, and fails nowhere. */
const never = <Value>(): Promise<Value> => new Promise(() => {});

/** What a sketch is given for one life: afterwards nothing that it does reaches anybody. */
export function hostFor(host: SketchHost, life: Life, observed: (observer: Observer) => void): SketchHost {
  const unlessOver = <Value>(work: () => Promise<Value>): Promise<Value> =>
    life.isOver ? never() : life.leave(work);
  let board: Board | undefined;
  return {
    node: host.node,
    signal: AbortSignal.any([host.signal, life.signal]),
    clock: life.clockOf(host.clock),
    random: host.random,
    get board() {
      board ??= lendBoard(host.board, life);
      return board;
    },
    send: (...args) => unlessOver(() => host.send(...args)),
    stream: (...args) =>
      untilOver(
        life,
        life.leave(() => host.stream(...args)),
      ),
    publish: (...args) => (life.isOver ? 0 : life.leave(() => host.publish(...args))),
    store: (...args) => unlessOver(() => host.store(...args)),
    join: () => unlessOver(() => host.join()),
    confirm: (writes) => unlessOver(() => host.confirm(writes)),
    out: (text) => {
      if (!life.isOver) host.out(text);
    },
    observe(definition) {
      const handler: typeof definition.handler = (...args) => life.enter(() => definition.handler(...args));
      const observer = life.leave(() => host.observe({ ...definition, handler }));
      observed(observer);
      return observer;
    },
  };
}

/** What a stream yields as long as a life lasts; then it is closed, and yields nothing more. */
function untilOver<Value>(life: Life, values: AsyncIterableIterator<Value>): AsyncIterableIterator<Value> {
  const end = () => void values.return?.();
  if (life.isOver) end();
  else life.signal.addEventListener("abort", end, { once: true });
  const done = () => life.signal.removeEventListener("abort", end);
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      if (life.isOver) return never();
      try {
        const result = await values.next();
        if (result.done) done();
        return life.isOver ? never() : result;
      } catch (error) {
        done();
        if (life.isOver) return never();
        throw error;
      }
    },
    async return() {
      done();
      return (await values.return?.()) ?? { done: true, value: undefined };
    },
  };
}
