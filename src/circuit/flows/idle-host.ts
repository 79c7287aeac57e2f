import { systemClock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import type { FlowHost } from "./flow-file.js";

export type IdleHostOptions = Pick<FlowHost, "name" | "settings" | "log" | "signal">;

/** A host for those who look at a flow without running it: it opens nothing, and nothing comes of what is asked of it. */
export function idleHost(options: IdleHostOptions): FlowHost {
  const confirm = async () => {};
  const input = { read: () => () => {} };
  return {
    ...options,
    clock: systemClock,
    publish: () => undefined,
    subscribe: (pattern) => ({ pattern, close() {} }),
    send: async (target) => refuse(`send to ${target}`),
    serve: async (name) => refuse(`serve ${name}`),
    digitalInput: async () => input,
    analogInput: async () => input,
    pinOutput: async (_pin, { pwm = false } = {}) => ({ mostValue: pwm ? 255 : 1, write() {}, confirm }),
    piezoOutput: async () => ({ frequency() {}, confirm }),
  };
}

function refuse(what: string): never {
  throw new CircuitError("NOT_RUN", `Cannot ${what}: the flow is looked at, not run`);
}
