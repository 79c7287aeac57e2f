import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import type { PeerNotice } from "../mesh.js";
import { meshClosed } from "../sender.js";
import { isReserved } from "../subject.js";
import { type Connection, isFinal } from "./connection.js";

/** What the server is called where peers are. */
const SERVER = "NATS";

/** Subjects of which it is told that the server does not allow them. */
const MOST_DENIED = 1_024;

/**
 * Begins to connect, and resolves when there is a server.
 *
 * @param options `patienceMs`: how long it is waited for; `Infinity` for ever.
 * @throws {CircuitError} `PEER_MISSING` when there is none in time, `ACCESS_DENIED` when it refuses us, `FILE_FAILED` for
 *   credentials that cannot be read, `PEER_LOST` when the connection is closed meanwhile.
 */
export function untilUp(
  connection: Connection,
  options: { readonly clock: Clock; readonly patienceMs: number },
): Promise<void> {
  const { clock, patienceMs } = options;
  connection.start();
  if (connection.client) return Promise.resolve();
  return new Promise((resolve, reject) => {
    let problem = connection.problem;
    const settle = (callback: () => void) => {
      stopWaiting();
      stopListening();
      callback();
    };
    const giveUp = () => settle(() => reject(problem ?? missing(connection, patienceMs)));
    const stopWaiting = Number.isFinite(patienceMs) ? clock.after(patienceMs, giveUp) : () => {};
    const stopListening = connection.listen({
      up: () => settle(resolve),
      down: (found) => {
        problem = found;
        if (isFinal(found)) giveUp();
      },
      closed: () => settle(() => reject(meshClosed("reach NATS"))),
    });
    if (problem && isFinal(problem)) giveUp();
  });
}

/**
 * The server is told of like a peer: once when it is away, once more when it is not tried again, once when it is back; and
 * once what it does not allow.
 */
export function tellOfServer(connection: Connection, notice: PeerNotice | undefined): void {
  const { address } = connection;
  let isMissing = false;
  const denied = new Set<string>();
  connection.listen({
    down: (problem) => {
      if (!isMissing || isFinal(problem)) notice?.({ peer: SERVER, address, problem });
      isMissing = true;
    },
    up: () => {
      if (isMissing) notice?.({ peer: SERVER, address, problem: undefined });
      isMissing = false;
    },
    denied: (subject) => {
      // What is the mesh's own is told of by whoever needs it.
      if (isReserved(subject) || denied.has(subject) || denied.size >= MOST_DENIED) return;
      denied.add(subject);
      notice?.({ peer: SERVER, address, problem: mayNotPublish(subject) });
    },
  });
}

function mayNotPublish(subject: string): CircuitError {
  return new CircuitError(
    "ACCESS_DENIED",
    `Cannot publish to ${subject} on NATS: the server does not allow it`,
    { hint: "Let the server's permissions allow it, or use other credentials." },
  );
}

function missing({ address }: Connection, patienceMs: number): CircuitError {
  return new CircuitError(
    "PEER_MISSING",
    `Cannot use NATS at ${address}: no connection after ${patienceMs} ms`,
    { hint: "Start the server, or correct its address." },
  );
}
