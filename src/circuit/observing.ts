import { hostname } from "node:os";
import type { CircuitDefinition } from "../config/define.js";
import type { Clock } from "../core/clock.js";
import { Observers } from "../events/observers.js";
import type { Keeping } from "../mesh/durable.js";
import type { Mesh } from "../mesh/mesh.js";
import type { OpenBoard } from "./boards.js";
import { runBecause } from "./handling.js";
import { startPins } from "./pins.js";

export interface ObservingOptions {
  readonly definition: CircuitDefinition;
  readonly mesh: Mesh;
  readonly clock: Clock;
  readonly boards: ReadonlyMap<string, OpenBoard>;
  /** Ends what pins do by themselves. */
  readonly signal: AbortSignal;
  readonly notice: (text: string) => void;
}

/** Begins what a circuit does without a sketch: its observers, in the machine's name, and pins that take part in events. */
export function startObserving({ definition, boards, ...options }: ObservingOptions): Observers {
  const { mesh, clock, signal, notice } = options;
  const keeping = keepingOf(definition);
  const observers = new Observers({ mesh, clock, node: hostname(), keeping, notice, runBecause });
  startPins(definition, {
    ...{ clock, signal },
    session: (board) => boards.get(board)?.session,
    publish: (subject, data) => mesh.publish(subject, data),
    observe: (observer) => observers.start(observer),
  });
  for (const observer of definition.observers ?? []) observers.start(observer);
  return observers;
}

/** What a circuit's configuration has streams keep; `undefined` where it leaves that to the engine. */
export function keepingOf({ events }: CircuitDefinition): Keeping | undefined {
  if (events === undefined) return undefined;
  const { maxAgeSeconds, ...others } = events;
  return { ...others, ...(maxAgeSeconds !== undefined && { maxAgeMs: maxAgeSeconds * 1_000 }) };
}
