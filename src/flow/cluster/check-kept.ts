import { CircuitError } from "../../core/error.js";
import type { Plan } from "../plan.js";
import type { DurableOptions } from "./durable-options.js";
import { noLeases } from "./leased-feed.js";
import { isSingleton } from "./sources.js";

/** @throws {CircuitError} `CONFIG_INVALID` where a plan has durable connections or singleton sources that nobody keeps. */
export function checkKept(
  { sources, processors }: Plan,
  options: Pick<DurableOptions, "manager" | "queues" | "leases" | "singleton">,
): void {
  const { manager, queues, leases } = options;
  for (const { name, connections } of [...sources, ...processors]) {
    const durable = connections.find((connection) => connection.options.durable);
    if (durable !== undefined && queues === undefined) throw noQueues(manager, name, durable.to.name);
  }
  const single = sources.find((planned) => isSingleton(planned, options));
  if (single !== undefined && leases === undefined) throw noLeases(single.name);
}

/** What a durable connection ends with where nobody gives queues. */
export function noQueues(manager: string, from: string, to: string): CircuitError {
  return new CircuitError(
    "CONFIG_INVALID",
    `Cannot run the pipeline ${manager}: the connection from ${from} to ${to} is durable, and there is no JetStream to keep its items`,
    { hint: "Run the flow with --mesh nats://host:4222, on a server started with -js, or take durable out." },
  );
}
