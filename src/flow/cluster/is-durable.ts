import type { Plan } from "../plan.js";

/** Whether one of a plan's connections is durable. */
export function isDurable({ sources, processors }: Plan): boolean {
  return [...sources, ...processors].some(({ connections }) =>
    connections.some(({ options: { durable } }) => durable === true),
  );
}
