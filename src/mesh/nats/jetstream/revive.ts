import { headers as makeHeaders } from "@nats-io/transport-node";
import type { Clock } from "../../../core/clock.js";
import { CircuitError } from "../../../core/error.js";
import type { DeadEvent } from "../../durable.js";
import { FOR_HEADER } from "../event-wire.js";
import type { JetStreamApi } from "./api.js";
import { DEAD_HEADER, findDead } from "./graves.js";
import { covers } from "./patterns.js";
import { DEAD_STREAM } from "./streams.js";

/** Has the stream it publishes to refuse what is meant for another. */
const EXPECTED_STREAM_HEADER = "Nats-Expected-Stream";

/**
 * Publishes a dead event anew, for the listener that gave it up, and takes it from the dead.
 *
 * @returns Whether there was one.
 * @throws {CircuitError} `EVENT_UNKEPT` where that listener would not hear it; it stays among the dead.
 */
export async function revive(api: JetStreamApi, number: number, clock: Clock): Promise<boolean> {
  const found = await api.findMessage(DEAD_STREAM, { seq: number });
  const dead = found && findDead(found, clock);
  if (!found || !dead) return false;
  await checkHeard(api, dead);
  const cutFrom = found.headers.get(DEAD_HEADER.cutFromBytes);
  if (cutFrom !== "")
    throw unkept(dead, `of ${cutFrom} bytes the dead have ${found.data.length}`, "Publish it anew.");
  const headers = makeHeaders();
  for (const name of found.headers.keys()) {
    if (!/^(?:nats-|circuit-dead-)/i.test(name)) headers.set(name, found.headers.get(name));
  }
  const { consumer, event } = dead;
  headers.set(FOR_HEADER, consumer);
  headers.set(EXPECTED_STREAM_HEADER, event.stream);
  // Of two who do this at the same time, one does it.
  const id = `again.${number}.${found.takenAt}`;
  const stored = await api.publish(event.subject, found.data, id, headers);
  if (stored?.stream !== event.stream)
    throw unkept(dead, `${event.stream} does not take ${event.subject}`, `Start ${consumer} first.`);
  await api.deleteMessage(DEAD_STREAM, number);
  return true;
}

/** Checks that the listener is there, and hears the subject. */
async function checkHeard(api: JetStreamApi, dead: DeadEvent): Promise<void> {
  const { consumer, event } = dead;
  const pattern = await api.findListener(event.stream, consumer);
  if (pattern === undefined)
    throw unkept(dead, `${event.stream} has no listener ${consumer}`, `Start ${consumer} first.`);
  if (pattern === "" || covers(pattern, event.subject)) return;
  throw unkept(
    dead,
    `${consumer} listens to ${pattern} by now, and this is of ${event.subject}`,
    "Publish it anew.",
  );
}

function unkept({ number }: DeadEvent, why: string, hint: string): CircuitError {
  return new CircuitError("EVENT_UNKEPT", `Cannot hand the dead event ${number} on: ${why}`, { hint });
}
