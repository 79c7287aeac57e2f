import type { NatsConnection } from "@nats-io/transport-node";
import { backoff } from "../../core/backoff.js";
import type { Clock } from "../../core/clock.js";
import { meshClosed } from "../sender.js";
import { type Connection, isFinal } from "./connection.js";
import { TryAgain } from "./try-again.js";

/** Waits between tries, in milliseconds. */
const TRIES = { firstMs: 50, longestMs: 1_000 };

/**
 * Asks the server, and again while it is away, chooses a leader or does not answer.
 *
 * @throws {CircuitError} `PEER_LOST` when the mesh is closed, `ACCESS_DENIED` and `FILE_FAILED`, what `ask` throws and is no `TryAgain`, and
 *   the signal's own reason.
 */
export async function persist<T>(
  connection: Connection,
  clock: Clock,
  ask: (client: NatsConnection) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const waits = backoff(TRIES);
  for (;;) {
    const client = await whenUp(connection, signal);
    try {
      return await whileUp(connection, ask(client));
    } catch (error) {
      if (connection.isClosed) throw meshClosed("reach NATS");
      if (!(error instanceof TryAgain)) throw error;
    }
    await clock.sleep(waits.next().value, signal);
  }
}

/** What is asked, or its failure as soon as the connection breaks: an answer that was on its way does not come. */
function whileUp<T>(connection: Connection, asked: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stopListening = connection.listen({
      down: () => reject(new TryAgain("the connection broke")),
      closed: () => reject(new TryAgain("the mesh is closed")),
    });
    asked.then(resolve, reject).finally(stopListening);
  });
}

/** Resolves with the client when there is a server. */
function whenUp(connection: Connection, signal: AbortSignal | undefined): Promise<NatsConnection> {
  signal?.throwIfAborted();
  if (connection.isClosed) throw meshClosed("reach NATS");
  if (connection.client) return Promise.resolve(connection.client);
  if (connection.problem && isFinal(connection.problem)) throw connection.problem;
  connection.start();
  return new Promise((resolve, reject) => {
    const settle = (callback: () => void) => {
      stopListening();
      signal?.removeEventListener("abort", abort);
      callback();
    };
    const abort = () => settle(() => reject(signal?.reason));
    const stopListening = connection.listen({
      up: (client) => settle(() => resolve(client)),
      down: (problem) => {
        if (isFinal(problem)) settle(() => reject(problem));
      },
      closed: () => settle(() => reject(meshClosed("reach NATS"))),
    });
    signal?.addEventListener("abort", abort, { once: true });
  });
}
