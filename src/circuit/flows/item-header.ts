import type { Origin } from "../../flow/cluster/durable-queue.js";
import { decodeToken, encodeToken } from "../../mesh/nats/subjects.js";

/** Says where an item began: flow, manager, source, tick, revision, and its number in its first queue, or `-`. */
export const ITEM_HEADER = "Flow-Item";

export function headerOf(origin: Origin): string {
  const { flow, manager, source, tick, revision, sequence } = origin;
  return `${WORDS.of(flow)} ${WORDS.of(manager)} ${WORDS.of(source)} ${tick} ${revision} ${sequence ?? "-"}`;
}

/** What a header says; `undefined` where it is not ours. */
export function originOf(header: string): Origin | undefined {
  const words = header.split(" ");
  if (words.length !== 6) return undefined;
  const [flow, manager, source] = words.slice(0, 3).map((word) => NAMES.of(word));
  const [tick, revision, sequence] = words.slice(3).map(numberOf);
  if (flow === undefined || manager === undefined || source === undefined) return undefined;
  if (tick === undefined || revision === undefined) return undefined;
  if (sequence === undefined && words[5] !== "-") return undefined;
  return { flow, manager, source, tick, revision, sequence };
}

function numberOf(word: string): number | undefined {
  return /^\d{1,15}$/.test(word) ? Number(word) : undefined;
}

/** Remembers what a few texts come to: a flow has few names, and many items. */
class Memo<Result> {
  readonly #known = new Map<string, Result>();
  readonly #make: (text: string) => Result;

  constructor(make: (text: string) => Result) {
    this.#make = make;
  }

  of(text: string): Result {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    const made = this.#make(text);
    this.#known.set(text, made);
    return made;
  }
}

/** Names of a process's flows; foreign items may have others. */
const MOST_KNOWN = 256;

const WORDS = new Memo(encodeToken);
const NAMES = new Memo(decodeToken);
