import { hostname } from "node:os";
import type { CircuitDefinition } from "../config/define.js";
import type { Clock } from "../core/clock.js";
import { describeThrown } from "../core/error.js";
import type { ObserverContext } from "../events/event.js";
import { Observers } from "../events/observers.js";
import type { Keeping } from "../mesh/durable.js";
import type { Mesh } from "../mesh/mesh.js";
import type { OpenBoard } from "./boards.js";
import { runBecause, withTrace } from "./handling.js";
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
  const node = hostname();
  const publish: ObserverContext["publish"] = (subject, data, { headers } = {}) =>
    mesh.publish(subject, data, withTrace(headers));
  const keeping = keepingOf(definition);
  const observers = new Observers({ mesh, clock, node, keeping, notice, publish, runBecause });
  try {
    startPins(definition, {
      ...{ clock, signal },
      session: (board) => boards.get(board)?.session,
      publish: (subject, data) => {
        try {
          publish(subject, data);
        } catch (problem) {
          // The edge has come by itself: there is nobody to throw to.
          notice(`${node}: ${describeThrown(problem)}`);
        }
      },
      observe: (observer) => observers.start(observer),
    });
    for (const observer of definition.observers ?? []) observers.start(observer);
  } catch (problem) {
    void observers.finish(0);
    throw problem;
  }
  return observers;
}

/** What a circuit's configuration has streams keep; `undefined` where it leaves that to the engine. */
export function keepingOf({ events }: Pick<CircuitDefinition, "events">): Keeping | undefined {
  if (events === undefined) return undefined;
  const { maxAgeSeconds, ...others } = events;
  return { ...others, ...(maxAgeSeconds !== undefined && { maxAgeMs: maxAgeSeconds * 1_000 }) };
}
