import { isDeepStrictEqual } from "node:util";
import { CircuitError } from "../core/error.js";
import type { Payload } from "../mesh/payload.js";
import { checkPattern, matches } from "../mesh/subject.js";
import { type LimitOptions, waited } from "./expect-pin.js";
import type { RigEvent, RigMessage } from "./heard.js";
import { listed } from "./listed.js";
import type { RunningCircuit } from "./running.js";
import { LIMIT_MS } from "./watch.js";

export interface MessageOptions extends LimitOptions {
  readonly message?: Payload;
  readonly channel?: string;
  /** What its sketch answers. Given, the answer is waited for. */
  readonly ack?: Payload;
}

/** What is told is looked for again after so many milliseconds. */
const POLL_MS = 5;

/** A message reaches a node, and is answered as expected. */
export async function expectMessage(
  { watch, mesh }: RunningCircuit,
  node: string,
  { limitMs = LIMIT_MS, ...wanted }: MessageOptions = {},
): Promise<RigMessage> {
  const sinceMs = watch.sinceMs(`messages of ${node}`);
  const heard = () => mesh.messages.filter((each) => each.node === node && each.atMs >= sinceMs);
  const find = () =>
    heard().find(
      ({ message, channel, ack }) =>
        fits(message, wanted.message) && fits(channel, wanted.channel) && fits(ack, wanted.ack),
    );
  await watch.until(() => find() !== undefined, { limitMs, pollMs: POLL_MS });
  const found = find();
  if (found) return found;
  const what = Object.entries(wanted).map(([key, value]) => ` with the ${key} ${show(value)}`);
  const instead = heard().map(({ message, ack, problem }) => {
    const answer = problem === undefined ? `answered ${show(ack)}` : `failed: ${problem}`;
    return `${show(message)} (${answer})`;
  });
  throw failure(`Cannot see a message to ${node}${what.join(" and")} in ${waited(limitMs)}`, node, instead);
}

/** An event is published. */
export async function expectEvent(
  { watch, mesh }: RunningCircuit,
  pattern: string,
  { limitMs = LIMIT_MS, data }: LimitOptions & { readonly data?: Payload } = {},
): Promise<RigEvent> {
  checkPattern(pattern);
  const sinceMs = watch.sinceMs("events");
  const published = () => mesh.events.filter(({ atMs }) => atMs >= sinceMs);
  const find = () => published().find((each) => matches(pattern, each.subject) && fits(each.data, data));
  await watch.until(() => find() !== undefined, { limitMs, pollMs: POLL_MS });
  const found = find();
  if (found) return found;
  const what = data === undefined ? pattern : `${pattern} with ${show(data)}`;
  const instead = published().map((each) => `${each.subject} ${show(each.data)} at ${each.atMs.toFixed(1)}`);
  throw failure(`Cannot see an event ${what} in ${waited(limitMs)}`, "the circuit", instead);
}

/** A sketch prints a line. */
export async function expectLine(
  { watch, told }: RunningCircuit,
  node: string,
  text: string | RegExp,
  { limitMs = LIMIT_MS }: LimitOptions = {},
): Promise<void> {
  const lines = () =>
    told.flatMap((event) => (event.type === "out" && event.node === node ? [event.text] : []));
  const has = () =>
    lines().some((line) => (typeof text === "string" ? line.includes(text) : text.test(line)));
  if (await watch.until(has, { limitMs, pollMs: POLL_MS })) return;
  const instead = lines().map((line) => show(line));
  throw failure(
    `Cannot see ${node} print ${typeof text === "string" ? show(text) : text} in ${waited(limitMs)}`,
    node,
    instead,
  );
}

function fits(value: unknown, wanted: unknown): boolean {
  return wanted === undefined || isDeepStrictEqual(value, wanted);
}

function show(value: unknown): string {
  return value instanceof Uint8Array ? `${value.length} bytes` : (JSON.stringify(value) ?? "nothing");
}

function failure(problem: string, what: string, instead: readonly string[]): CircuitError {
  const others = instead.length === 1 ? "there was 1 other" : `there were ${instead.length} others`;
  const count = instead.length === 0 ? "there was none" : others;
  return new CircuitError("EXPECTATION_FAILED", `${problem}: ${count}\n\n${listed(what, instead)}\n`);
}
