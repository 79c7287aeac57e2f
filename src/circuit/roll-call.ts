import type { Clock } from "../core/clock.js";
import type { Discovery } from "../mesh/discovery/discovery.js";
import type { SourceName } from "../mesh/discovery/source.js";
import type { KnownNode } from "../mesh/discovery/table.js";

/** A node as `circuit nodes` shows it. */
export interface SeenNode {
  readonly name: string;
  readonly address: string;
  readonly sketch: string | null;
  readonly board: string | null;
  readonly engine: string;
  readonly source: SourceName;
  /** `null` where it did not answer, or speaks the plain protocol only. */
  readonly boot: string | null;
  readonly ageMs: number | null;
  /** `null` where it did not answer. */
  readonly roundTripMs: number | null;
  /** It did not let us in, or did not prove to be who it says. */
  readonly isDenied: boolean;
}

export interface RollCallOptions {
  readonly discovery: Discovery;
  /** Unix time, in milliseconds. */
  readonly now: () => number;
}

/** Nodes that are asked at the same time: more would measure their own crowd. */
const AT_ONCE = 8;

/** Asks every node of the table whether it is there, and how far away. */
export async function callRoll({ discovery, now }: RollCallOptions): Promise<readonly SeenNode[]> {
  const waiting = [...discovery.table.nodes];
  const seen: SeenNode[] = [];
  const askOn = async () => {
    for (let node = waiting.shift(); node !== undefined; node = waiting.shift()) {
      seen.push(await ask(node, discovery, now()));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, askOn));
  return withoutTwins(seen).sort((a, b) => compare(a.name, b.name) || compare(a.address, b.address));
}

async function ask(node: KnownNode, discovery: Discovery, nowMs: number): Promise<SeenNode> {
  const { name, addresses, sketch, board, engine, source, sinceMs } = node;
  const base = {
    name,
    sketch: sketch ?? null,
    board: board ?? null,
    engine,
    source,
    ageMs: sinceMs === undefined ? null : Math.max(0, nowMs - sinceMs),
  };
  let isDenied = false;
  for (const address of addresses) {
    const answer = await discovery.identify(name, address);
    if (answer.kind === "node" && (source === "grid" || answer.boot === node.boot)) {
      return { ...base, address, boot: answer.boot, roundTripMs: answer.roundTripMs, isDenied: false };
    }
    isDenied ||= answer.kind === "denied";
  }
  return {
    ...base,
    address: addresses[0] ?? "",
    boot: source === "grid" ? null : node.boot,
    roundTripMs: null,
    isDenied,
  };
}

/** A node of the grid that announces itself too is one node, with all that it says of itself. */
function withoutTwins(seen: readonly SeenNode[]): SeenNode[] {
  const announced = new Set(seen.filter(({ source }) => source !== "grid").map(({ boot }) => boot));
  return seen.filter(({ source, boot }) => source !== "grid" || boot === null || !announced.has(boot));
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Calls the roll again and again: whenever the table changes, and every `everyMs` where it does not. */
export async function* watchRoll(
  options: RollCallOptions & {
    readonly clock: Clock;
    readonly everyMs: number;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<readonly SeenNode[], never> {
  const { discovery, clock, everyMs, signal } = options;
  for (;;) {
    const change = nextChange(discovery);
    try {
      yield await callRoll(options);
      await waitFor(change.happened, { clock, everyMs, signal });
    } finally {
      change.stop();
    }
  }
}

function nextChange(discovery: Discovery): { readonly happened: Promise<void>; stop(): void } {
  let stop = () => {};
  const happened = new Promise<void>((resolve) => {
    stop = discovery.table.watch(() => resolve());
  });
  return { happened, stop: () => stop() };
}

async function waitFor(
  happened: Promise<void>,
  {
    clock,
    everyMs,
    signal,
  }: { readonly clock: Clock; readonly everyMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const over = new AbortController();
  const abort = () => over.abort(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    signal.throwIfAborted();
    const elapsed = clock.sleep(everyMs, over.signal);
    await Promise.race([happened, elapsed]);
    elapsed.catch(() => {});
  } finally {
    signal.removeEventListener("abort", abort);
    over.abort();
  }
}
