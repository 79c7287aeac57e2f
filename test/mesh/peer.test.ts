import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../src/core/manual-clock.js";
import type { FrameLinkEvents } from "../../src/mesh/framed/frame-link.js";
import { FrameWriter } from "../../src/mesh/framed/frame-writer.js";
import { DEFAULT_LIMITS } from "../../src/mesh/limits.js";
import type { LinkEvents } from "../../src/mesh/link.js";
import type { PeerDialing } from "../../src/mesh/peer.js";
import { Sender } from "../../src/mesh/sender.js";
import { codeOf, turns } from "../contract/waiting.js";

/** A sender, and at the other end whatever a test says. */
class Desk {
  readonly clock = new ManualClock();
  readonly dialed: PeerDialing[] = [];
  /** Texts that were sent plainly. */
  readonly texts: string[] = [];
  plain: LinkEvents | undefined;
  #framed: FrameLinkEvents | undefined;
  readonly sender = new Sender({
    dial: (_target, dialing) => {
      this.dialed.push(dialing);
      return () => {};
    },
    connect: (_target, _channel, events) => {
      this.plain = events;
      const send = (text: string) => void this.texts.push(text);
      queueMicrotask(() => events.opened({ isFull: false, send, close: () => {} }));
      return () => {};
    },
    clock: this.clock,
    limits: DEFAULT_LIMITS,
    patienceMs: 10_000,
    notice: undefined,
    schedule: queueMicrotask,
  });

  /** A receiver of the framed protocol welcomes the sender. */
  async welcome(): Promise<void> {
    this.#framed = this.dialed.at(-1)?.opened({ isFull: false, headBytes: 0, send() {}, close() {} });
    const writer = new FrameWriter();
    const welcome = { version: 1, node: "lamp", boot: "b", session: "s", resumed: false, channels: [] };
    writer.json(0x02, { ...welcome, window: 64, windowBytes: 4_096 });
    this.#framed?.frame(writer.take());
    await turns();
  }

  breakLink(): void {
    this.#framed?.ended("it broke");
  }
}

test("What was sent to a framed receiver is not sent to a plain one in its place, unless it may be", async () => {
  const desk = new Desk();
  const sent = Promise.allSettled([
    desk.sender.send("lamp", "once"),
    desk.sender.send("lamp", "again", { retry: "repeat" }),
  ]);
  await desk.welcome();
  desk.breakLink();
  const late = desk.sender.send("lamp", "late");
  desk.dialed.at(-1)?.plain();
  await turns();
  assert.deepEqual(desk.texts, ["again", "late"]);
  desk.plain?.ack("1");
  desk.plain?.ack("2");
  assert.deepEqual((await sent).map(codeOf), ["DELIVERY_UNKNOWN", "1"]);
  assert.equal(await late, "2");
  const [{ sent: tally } = assert.fail("no peer")] = desk.sender.counts();
  assert.deepEqual([tally.messages, tally.acks, [...tally.failures]], [3, 2, [["DELIVERY_UNKNOWN", 1]]]);
  desk.sender.close();
});

test("Each dial of a session stands for it, and no other's does", async () => {
  const desk = new Desk();
  const sent = Promise.allSettled([
    desk.sender.send("lamp", "1", { lane: "a" }),
    desk.sender.send("lamp", "1", { lane: "b" }),
  ]);
  await desk.welcome();
  desk.breakLink();
  const [first, second, again] = desk.dialed.map(({ session }) => session);
  assert.notEqual(first, second);
  assert.equal(again, second);
  desk.sender.close();
  await sent;
});

test("A lane to a plain target stays while somebody waits on it", async () => {
  const desk = new Desk();
  const waiting = desk.sender.send("lamp", "1", { lane: "a" });
  desk.dialed.at(-1)?.plain();
  await turns();
  desk.clock.advance(180_000);
  assert.equal(desk.sender.counts()[0]?.outstanding, 1);
  desk.plain?.ack("on");
  assert.equal(await waiting, "on");
  desk.plain?.ended({ kind: "lost", reason: "it went" });
  void desk.sender.send("lamp", "2", { lane: "a" }).catch(() => {});
  assert.equal(desk.dialed.length, 2, "it is asked anew what it speaks");
  desk.sender.close();
  assert.equal(desk.clock.pending, 0);
});
