import assert from "node:assert/strict";
import { test } from "node:test";
import { PinMemory } from "../../../src/board/session/memory/pin-memory.js";
import { Outbox } from "../../../src/board/session/outbox/outbox.js";
import { type Probe, pingProbe, versionProbe } from "../../../src/board/session/outbox/probe.js";
import { Wire } from "../../../src/board/session/wire.js";
import { ManualClock } from "../../../src/core/manual-clock.js";
import { encodeToBoard, type ToBoard } from "../../../src/firmata/to-board.js";
import { decodeToHost, type ToHost } from "../../../src/firmata/to-host.js";
import { SlowLink, type SlowLinkOptions } from "./slow-link.js";

const BYTES_PER_SECOND = 5_760;
const WINDOW_BYTES = 192;

/** An outbox on a slow wire. What the board says and nobody has asked for in secret is `heard`. */
async function rig(options: Omit<SlowLinkOptions, "clock"> = {}, marker: Probe = versionProbe) {
  const clock = new ManualClock();
  const link = new SlowLink({ clock, ...options });
  const memory = new PinMemory();
  const heard: ToHost[] = [];
  const outbox = new Outbox({
    wire: new Wire(link, clock),
    clock,
    count: () => 0,
    isEchoing: () => false,
    replaced: () => {},
  });
  await link.open({
    data: (bytes) => {
      const message = decodeToHost(bytes);
      if (!outbox.receive(message)) heard.push(message);
    },
    lost: () => {},
  });
  outbox.start(marker);
  const tell = (message: ToBoard) => {
    const frame = encodeToBoard(message);
    outbox.send(frame, memory.remember(frame).write);
  };
  const write = (level: number) => tell({ type: "digitalPort", port: 1, levels: level << 5 });
  const note = (text: string) => tell({ type: "string", text });
  const arrived = (type: ToBoard["type"]) => link.arrived.filter(({ message }) => message.type === type);
  return { clock, link, outbox, heard, tell, write, note, arrived };
}

test("a lone message goes out at once, and leaves no timer", async () => {
  const { clock, link, outbox, write } = await rig();
  write(1);
  assert.equal(link.behindMs, (3 / BYTES_PER_SECOND) * 1_000);
  assert.equal(outbox.queue.length, 0);
  clock.advance(1_000);
  assert.equal(clock.pending, 0);
});

test("no more is sent than the wire carries in 16 ms, and the wire never runs dry while something waits", async () => {
  const { clock, link, outbox, note, arrived } = await rig();
  for (let count = 0; count < 1_000; count++) note("a");
  while (outbox.queue.length > 0) {
    assert.ok(link.behindMs > 0 && link.behindMs < 16 + 2, `${link.behindMs} ms`);
    clock.advance(0.5);
  }
  clock.advance(20);
  assert.equal(arrived("string").length, 1_000);
  assert.equal(clock.pending, 0);
});

test("a write in a flood is on the wire within 50 ms, also where the wire is slower than it says", async () => {
  for (const slowness of [1, 0.95, 0.91, 0.8]) {
    const { clock, outbox, link, write } = await rig({
      trueBytesPerSecond: BYTES_PER_SECOND * slowness,
    });
    let mostQueued = 0;
    for (let turn = 0; turn < 2_000; turn++) {
      for (let count = 0; count < 100; count++) write(count % 2);
      mostQueued = Math.max(mostQueued, outbox.queue.length);
      clock.advance(1);
    }
    assert.equal(mostQueued, 1);
    write(0);
    const sinceMs = clock.now();
    clock.advance(200);
    const last = link.arrived.findLast(({ message }) => message.type === "digitalPort");
    assert.deepEqual(last?.message, { type: "digitalPort", port: 1, levels: 0 });
    assert.ok((last?.atMs ?? 0) - sinceMs < 50, `${(last?.atMs ?? 0) - sinceMs} ms at ${slowness}`);
  }
});

test("what is sent makes the most of the wire, questions and all", async () => {
  for (const slowness of [1, 0.91]) {
    const { clock, link, write } = await rig({ trueBytesPerSecond: BYTES_PER_SECOND * slowness });
    for (let turn = 0; turn < 5_000; turn++) {
      for (let count = 0; count < 3; count++) write(count % 2);
      clock.advance(1);
    }
    const writes = link.arrived.filter(({ message }) => message.type === "digitalPort").length;
    const most = (BYTES_PER_SECOND * slowness * 5) / 3;
    assert.ok(writes >= 0.97 * most, `${writes} of ${most} writes`);
  }
});

test("no more than a window is sent that the board has not taken", async () => {
  const { clock, link, note, arrived } = await rig({ bytesPerSecond: 1_000_000, trueBytesPerSecond: 1_000 });
  for (let count = 0; count < 500; count++) note("abc");
  for (let turn = 0; turn < 1_000; turn++) {
    assert.ok(link.behindMs <= WINDOW_BYTES + 1, `${link.behindMs} bytes`);
    clock.advance(1);
  }
  clock.advance(5_000);
  assert.equal(arrived("string").length, 500);
});

test("a message that is longer than the window goes out when the board has taken what was before it", async () => {
  const { clock, outbox, note, arrived } = await rig();
  for (let count = 0; count < 20; count++) note("a".repeat(count * 20));
  clock.advance(3_000);
  assert.equal(arrived("string").length, 20);
  assert.equal(outbox.queue.length, 0);
});

test("a board that says nothing holds nothing up for longer than a second, and is waited for again when it speaks", async () => {
  const { clock, link, outbox, note } = await rig({ bytesPerSecond: 1_000_000, isDeaf: true });
  for (let count = 0; count < 100; count++) note("abc");
  clock.advance(999);
  assert.ok(outbox.queue.length > 0);
  clock.advance(2);
  assert.equal(outbox.queue.length, 0);
  link.isDeaf = false;
  for (let count = 0; count < 100; count++) note("abc");
  clock.advance(10);
  for (let count = 0; count < 100; count++) note("abc");
  assert.ok(outbox.queue.length > 0);
  clock.advance(3_000);
  assert.equal(clock.pending, 0);
});

test("the outbox asks unheard, and what others ask is answered to them", async () => {
  const { clock, heard, tell, note, arrived } = await rig();
  for (let count = 0; count < 100; count++) {
    note("a");
    if (count % 25 === 0) tell({ type: "queryVersion" });
  }
  clock.advance(1_000);
  assert.ok(arrived("queryVersion").length > 6);
  assert.deepEqual(
    heard.map(({ type }) => type),
    ["version", "version", "version", "version"],
  );
});

test("a slow sketch's board is not asked anything", async () => {
  const { clock, write, arrived } = await rig();
  for (let count = 0; count < 200; count++) {
    write(count % 2);
    clock.advance(100);
  }
  assert.equal(arrived("queryVersion").length, 0);
});

for (const [what, marker] of Object.entries({ version: versionProbe, ping: pingProbe })) {
  test(`mark() calls back when the board has taken all that was sent before, by its ${what}`, async () => {
    const { clock, outbox, heard, note, arrived } = await rig({}, marker);
    let isTaken = false;
    for (let count = 0; count < 50; count++) note("abc");
    outbox.mark(() => {
      isTaken = true;
      assert.equal(arrived("string").length, 50);
    });
    note("later");
    clock.advance(40);
    assert.equal(isTaken, false);
    clock.advance(500);
    assert.ok(isTaken);
    assert.deepEqual(heard, []);
  });
}

test("a full outbox says how many wait and for how long, and takes values in place of others", async () => {
  const { clock, outbox, write, note } = await rig();
  while (!outbox.isFull) note("a");
  clock.advance(3);
  assert.equal(outbox.queue.length, 4_096);
  const refusal = outbox.refusal();
  assert.equal(refusal.code, "OUTBOX_FULL");
  assert.match(refusal.message, /\/dev\/slow: 4096 messages wait for its wire, the oldest for 3 ms/);
  for (let count = 0; count < 100; count++) write(count % 2);
  assert.ok(outbox.queue.length <= 4_097);
  assert.equal(outbox.queue.superseded, 98);
  assert.equal(
    outbox.queue.isReplaceable(encodeToBoard({ type: "digitalPort", port: 1, levels: 32 }), 32),
    true,
  );
  outbox.queue.keepOrder(13);
  assert.equal(
    outbox.queue.isReplaceable(encodeToBoard({ type: "digitalPort", port: 1, levels: 32 }), 32),
    false,
  );
  assert.equal(
    outbox.queue.isReplaceable(encodeToBoard({ type: "digitalPort", port: 1, levels: 1 }), 1),
    true,
  );
});

test("the outbox tells when all will be there, and when nothing waits any more", async () => {
  const { clock, outbox, note, arrived } = await rig();
  await outbox.emptied();
  for (let count = 0; count < 100; count++) note("a");
  const freeAtMs = outbox.freeAtMs;
  let isEmpty = false;
  const emptied = outbox.emptied().then(() => {
    isEmpty = true;
  });
  assert.equal(isEmpty, false);
  clock.advance(freeAtMs);
  await emptied;
  clock.advance(2);
  assert.equal(arrived("string").length, 100);
});

test("a board that goes away gets nothing of what waited, nor of what is sent meanwhile", async () => {
  const { clock, link, outbox, note, arrived } = await rig();
  for (let count = 0; count < 100; count++) note("a");
  const waited = outbox.suspend();
  assert.ok(waited.length > 60);
  note("b");
  clock.advance(1_000);
  assert.equal(arrived("string").length, 100 - waited.length);
  assert.equal(clock.pending, 0);
  outbox.resume(new Wire(link, clock));
  note("c");
  clock.advance(1_000);
  assert.deepEqual(arrived("string").at(-1)?.message, { type: "string", text: "c" });
});
