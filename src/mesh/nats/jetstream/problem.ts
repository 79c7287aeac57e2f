import { CircuitError, messageOf } from "../../../core/error.js";

/** What may go well when it is tried again: the server is away, chooses a leader, or takes too long. */
export class TryAgain extends Error {}

/** `err_code`s of JetStream: https://github.com/nats-io/nats-server/blob/v2.9.10/server/errors.json */
export const API_CODE = {
  insufficientResources: 10023,
  consumerExists: 10013,
  notEnabled: 10076,
  notEnabledForAccount: 10039,
  storageExceeded: 10047,
  memoryExceeded: 10028,
  accountExceeded: 10002,
  noSuitablePeers: 10005,
  replicasInOneServer: 10074,
  mostStreams: 10027,
  mostConsumers: 10026,
  streamNameInUse: 10058,
  subjectsOverlap: 10065,
  filterOutside: 10093,
} as const;

/** Codes after which trying again brings the same, until somebody changes the server. */
const NO_ROOM: ReadonlySet<number> = new Set([
  API_CODE.insufficientResources,
  API_CODE.storageExceeded,
  API_CODE.memoryExceeded,
  API_CODE.accountExceeded,
  API_CODE.noSuitablePeers,
  API_CODE.replicasInOneServer,
  API_CODE.mostStreams,
  API_CODE.mostConsumers,
]);

/** Codes that come of two processes which change the same at the same moment. */
const CROSSED: ReadonlySet<number> = new Set([
  API_CODE.consumerExists,
  API_CODE.streamNameInUse,
  API_CODE.filterOutside,
]);

/**
 * What the client threw, as what it means: a `CircuitError`, or `TryAgain`.
 *
 * @param doing What could not be done, for the message: `keep events of a.>`.
 */
export function problemOf(doing: string, thrown: unknown): CircuitError | TryAgain {
  if (thrown instanceof CircuitError || thrown instanceof TryAgain) return thrown;
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  const names = [thrown, cause].map((error) => (error instanceof Error ? error.name : ""));
  const text = messageOf(thrown);
  if (names.includes("PermissionViolationError")) {
    return new CircuitError("ACCESS_DENIED", `Cannot ${doing} on NATS: ${text}`, {
      hint: "Let the server's permissions allow it, $JS.API.> included, or use other credentials.",
      cause: thrown,
    });
  }
  const { code, status } = Object(thrown) as { readonly code?: unknown; readonly status?: unknown };
  if (names.includes("JetStreamNotEnabled") || code === API_CODE.notEnabled) return notEnabled(doing, thrown);
  if (typeof code !== "number" || CROSSED.has(code)) return new TryAgain(text, { cause: thrown });
  if (NO_ROOM.has(code)) {
    return new CircuitError("EVENT_UNKEPT", `Cannot ${doing} on NATS: ${text}`, {
      hint: "Give JetStream more room, or ask for fewer bytes or replicas.",
      cause: thrown,
    });
  }
  if (status === 503) return new TryAgain(text, { cause: thrown });
  return new CircuitError("EVENT_UNKEPT", `Cannot ${doing} on NATS: ${text}`, {
    hint: "Look at the streams of the server.",
    cause: thrown,
  });
}

function notEnabled(doing: string, cause: unknown): CircuitError {
  return new CircuitError("EVENT_UNKEPT", `Cannot ${doing} on NATS: JetStream is not enabled`, {
    hint: "Start the server with -js, or let the account use JetStream.",
    cause,
  });
}
