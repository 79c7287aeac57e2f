import { ManualClock } from "../../src/core/manual-clock.js";
import { seededRandom } from "../../src/core/random.js";
import { Flow } from "../../src/flow/flow.js";
import { Manager, type ManagerOptions } from "../../src/flow/manager.js";
import type { FlowFailure } from "../../src/flow/reports.js";
import type { ManagerStatus } from "../../src/flow/supervisor.js";
import { turns } from "../contract/waiting.js";

/** A flow on a clock that moves only when told to, and what it told. */
export class Scene {
  readonly clock = new ManualClock();
  readonly lines: string[] = [];
  readonly failures: FlowFailure[] = [];
  readonly reported: unknown[][] = [];
  readonly givenUp: unknown[] = [];
  readonly flow: Flow;

  constructor(...managers: (Omit<ManagerOptions, "name"> & { readonly name?: string })[]) {
    this.flow = new Flow({
      name: "desk",
      managers: managers.map((options, index) => new Manager({ name: `m${index}`, ...options })),
      clock: this.clock,
      random: seededRandom(5),
      log: (text) => this.lines.push(text),
      reporter: { captureException: (error, { extra }) => this.reported.push([error, extra]) },
      publishError: (failure) => this.failures.push(failure),
      onGivenUp: ({ item }) => this.givenUp.push(item),
    });
  }

  /** Starts it, and lets happen what needs no time. */
  async start(): Promise<void> {
    this.flow.start();
    await turns();
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await turns();
  }

  get status(): ManagerStatus {
    const [status] = this.flow.status;
    if (status === undefined) throw new Error("There is no manager");
    return status;
  }

  counts(part: string): Record<string, number> {
    const { p99Ms: _p99Ms, ...counts } = this.status.parts[part] ?? {};
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
  }

  get messages(): string[] {
    return this.failures.map(({ cause }) => (cause instanceof Error ? cause.message : String(cause)));
  }
}

/** Yields these, and then waits until it is told to stop. */
export function endless(...items: number[]) {
  return async function* numbers({ signal }: { readonly signal: AbortSignal }) {
    yield* items;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  };
}

export function* count(items: number): Generator<number, void> {
  for (let item = 0; item < items; item++) yield item;
}
