import { CircuitError, messageOf } from "../../../core/error.js";
import { isPassing, namesOf, REFUSED, TryAgain } from "../try-again.js";

/** `err_code`s of JetStream: https://github.com/nats-io/nats-server/blob/v2.15.1/server/errors.json */
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
  stillStoring: 10158,
} as const;

/**
 * The sequence number with which nats-server 2.9 answers a message whose id it knows, and which no majority of a cluster has
 * stored: the leader that was told it first may have been lost with it.
 */
export const UNSTORED = 0;

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

/** Codes that come of two which do the same at the same moment: processes, or a try and the one before it. */
const CROSSED: ReadonlySet<number> = new Set([
  API_CODE.stillStoring,
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
  if (isPassing(thrown)) return new TryAgain(messageOf(thrown), { cause: thrown });
  const names = namesOf(thrown);
  const said = `Cannot ${doing} on NATS: ${messageOf(thrown)}`;
  if (names.includes("PermissionViolationError")) {
    return new CircuitError("ACCESS_DENIED", said, {
      hint: "Let the server's permissions allow it, $JS.API.> included, or use other credentials.",
      cause: thrown,
    });
  }
  if (names.some((name) => REFUSED.has(name))) {
    return new CircuitError("MESSAGE_INVALID", said, {
      hint: "Send less, or let the server's max_payload be higher.",
      cause: thrown,
    });
  }
  return ofServer(doing, said, thrown);
}

/** What the server has answered. */
function ofServer(doing: string, said: string, thrown: unknown): CircuitError | TryAgain {
  const { code, status } = Object(thrown) as { readonly code?: unknown; readonly status?: unknown };
  if (namesOf(thrown).includes("JetStreamNotEnabled") || code === API_CODE.notEnabled)
    return notEnabled(doing, thrown);
  const isKnown = typeof code === "number";
  if (isKnown && NO_ROOM.has(code)) {
    return new CircuitError("EVENT_UNKEPT", said, {
      hint: "Give JetStream more room, or ask for fewer bytes or replicas.",
      cause: thrown,
    });
  }
  if (isKnown && (CROSSED.has(code) || status === 503))
    return new TryAgain(messageOf(thrown), { cause: thrown });
  return new CircuitError("EVENT_UNKEPT", said, {
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
