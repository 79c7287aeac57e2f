import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../src/core/manual-clock.js";
import type { FrameLink, FrameLinkEvents } from "../../src/mesh/framed/frame-link.js";
import { EventHub } from "../../src/mesh/hub/event-hub.js";
import { DEFAULT_LIMITS } from "../../src/mesh/limits.js";
import { Node } from "../../src/mesh/node.js";
import { Sender } from "../../src/mesh/sender.js";
import { turns } from "../contract/waiting.js";

/** One end of a link that is full when a test says so. */
class End implements FrameLink {
  isFull = false;
  readonly isLocal = true;
  readonly headBytes = 0;
  events: FrameLinkEvents | undefined;
  #other: End | undefined;

  join(other: End): this {
    this.#other = other;
    return this;
  }

  send(frame: Uint8Array): void {
    queueMicrotask(() => this.#other?.events?.frame(frame));
  }

  close(): void {}
}

/** Two processes, one of which serves a node that the other has linked with. */
function openPair() {
  const shared = { clock: new ManualClock(), limits: DEFAULT_LIMITS, schedule: queueMicrotask };
  const hubs = { sender: new EventHub(shared), receiver: new EventHub(shared) };
  const ends = { sender: new End(), receiver: new End() };
  ends.sender.join(ends.receiver.join(ends.sender));
  const node = new Node({ ...shared, name: "node", handler: () => "", events: hubs.receiver });
  const sender = new Sender({
    ...shared,
    events: hubs.sender,
    patienceMs: 1_000,
    notice: undefined,
    dial: (_target, dialing) => {
      ends.receiver.events = node.accept(ends.receiver, "here");
      queueMicrotask(() => {
        ends.sender.events = dialing.opened(ends.sender);
      });
      return () => {};
    },
  });
  sender.meet("node", undefined, { opened: () => {}, missing: () => {}, over: () => {} });
  return { hubs, ends };
}

for (const side of ["sender", "receiver"] as const) {
  test(`a ${side} goes on with last events when its link has room`, async () => {
    const { hubs, ends } = openPair();
    const other = side === "sender" ? "receiver" : "sender";
    hubs[side].publish("a", 1);
    await turns();
    ends[side].isFull = true;
    const heard: unknown[] = [];
    hubs[other].subscribe("a", ({ data }) => heard.push(data), { last: true });
    await turns();
    assert.deepEqual(heard, []);
    ends[side].isFull = false;
    ends[side].events?.room();
    await turns();
    assert.deepEqual(heard, [1]);
  });
}
