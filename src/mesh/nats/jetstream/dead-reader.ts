import type { Clock } from "../../../core/clock.js";
import type { DeadEvent } from "../../durable.js";
import type { Connection } from "../connection.js";
import { persist } from "../persist.js";
import { JetStreamApi } from "./api.js";
import { Bell } from "./bell.js";
import { findDead } from "./graves.js";
import { DEAD_ROOT, DEAD_STREAM } from "./streams.js";

/** The dead, oldest first. */
export async function* readDead(
  connection: Connection,
  clock: Clock,
  { follow = false, signal }: { readonly follow?: boolean; readonly signal?: AbortSignal },
): AsyncGenerator<DeadEvent> {
  const bell = new Bell(connection, clock);
  const first = (number: number) =>
    persist(
      connection,
      clock,
      async (client) => {
        const api = await JetStreamApi.of(client);
        return api.findMessage(DEAD_STREAM, { seq: number, next_by_subj: `${DEAD_ROOT}.>` });
      },
      signal,
    );
  try {
    if (follow) bell.hang(`${DEAD_ROOT}.>`);
    for (let next = 1; ; ) {
      signal?.throwIfAborted();
      const found = await first(next);
      if (found) {
        next = found.sequence + 1;
        // Anybody may publish there.
        const dead = findDead(found, clock);
        if (dead) yield dead;
      } else if (follow) await bell.wait(signal);
      else return;
    }
  } finally {
    bell.close();
  }
}
