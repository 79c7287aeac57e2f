import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ManualClock } from "../../src/core/manual-clock.js";
import type { MeshLimits } from "../../src/mesh/limits.js";
import type { Handler, Mesh, PeerNotice, ServedNode } from "../../src/mesh/mesh.js";
import { collect, Gate, turns } from "./waiting.js";

/** Two ends of a mesh, as a contract test needs them. */
export interface MeshRig {
  /** Sends. */
  readonly near: Mesh;
  /** Serves; the same as `near` where all nodes are in one process. */
  readonly far: Mesh;
  /** Serves a node on `far` that `near` can reach. */
  serve(name: string, handler: Handler): Promise<ServedNode>;
  /** Tells `near` of a node that is not served yet. */
  announce(name: string): Promise<void>;
  /** What a node that was announced and never served is called. */
  readonly missingCode: "PEER_MISSING" | "PEER_UNKNOWN";
}

export interface RigOptions {
  readonly clock: ManualClock;
  readonly patienceMs: number;
  readonly notice: PeerNotice;
  readonly limits: Partial<MeshLimits>;
}

export type OpenRig = (options: RigOptions) => Promise<MeshRig>;

/** What every mesh promises, whatever protocol its nodes speak. */
export function testMesh(kind: string, open: OpenRig): void {
  const story = storyOf(kind, open);
  testPresence(story);
  testServing(story);
  testDraining(story);
}

function testDraining(story: Story): void {
  story("a node that is drained lets a slow handler finish, and takes nothing new", async (rig) => {
    const gate = new Gate();
    const node = await rig.serve("slow", async ({ message }) => {
      gate.arrive();
      await gate.open;
      return message;
    });
    const ack = rig.near.send("slow", "1");
    await gate.arrivals(1);
    let isDrained = false;
    const drained = node.drain().then(() => {
      isDrained = true;
    });
    await turns();
    rig.clock.advance(10_000);
    await turns();
    assert.equal(isDrained, false);
    gate.release();
    assert.equal(await ack, "1");
    await drained;
  });

  story("a node that is drained for too long, or closed meanwhile, is left", async (rig) => {
    for (const [name, graceMs] of Object.entries({ late: 2_000, closed: 3_600_000 })) {
      const gate = new Gate();
      const node = await rig.serve(name, async () => {
        gate.arrive();
        await gate.open;
      });
      void rig.near.send(name, "1").catch(() => {});
      await gate.arrivals(1);
      const drained = node.drain(graceMs);
      if (name === "closed") void node.close();
      await passTime(rig.clock, drained);
    }
  });
}

export function storyOf(kind: string, open: OpenRig): Story {
  return (name, run) =>
    void test(`${kind}: ${name}`, { timeout: 20_000 }, async (context: TestContext) => {
      const clock = new ManualClock();
      const notices = new Notices();
      const rig = await open({
        clock,
        patienceMs: 10_000,
        notice: notices.add,
        limits: { outstanding: 16, keptConnections: 8 },
      });
      context.after(() => Promise.all([rig.near.close(), rig.far.close()]));
      await run({ ...rig, clock, notices });
    });
}

export type Story = (
  name: string,
  run: (rig: MeshRig & { clock: ManualClock; notices: Notices }) => Promise<void>,
) => void;

function testPresence(story: Story): void {
  story("waits for a peer that is not there yet, and says so once", async (rig) => {
    await rig.announce("late");
    const acks = [
      rig.near.send("late", "1"),
      rig.near.send("late", "2"),
      rig.near.send("late", "3", { channel: "x" }),
    ];
    await rig.notices.count(1);
    await rig.serve("late", ({ message }) => message);
    assert.deepEqual(await passTime(rig.clock, Promise.all(acks)), ["1", "2", "3"]);
    assert.deepEqual(rig.notices.texts, [`late: ${rig.missingCode}`, "late: back"]);
  });

  story("rejects when patience ends, and tries anew for the next message", async (rig) => {
    await rig.announce("late");
    const sent = rig.near.send("late", "1");
    const streamed = collect(rig.near.stream("late", ["2", "3"]));
    await rig.notices.count(1);
    rig.clock.advance(10_000);
    await assert.rejects(sent, { code: rig.missingCode });
    await assert.rejects(streamed, { code: rig.missingCode });
    await rig.serve("late", ({ message }) => message);
    assert.equal(await rig.near.send("late", "4"), "4");
  });

  story("stops waiting when the signal aborts", async ({ near, announce, notices, clock }) => {
    await announce("late");
    const controller = new AbortController();
    const sent = near.send("late", "1", { signal: controller.signal });
    await notices.count(1);
    controller.abort(new Error("enough"));
    await assert.rejects(sent, /^Error: enough$/);
    assert.equal(clock.pending, 0, "timers");
  });
}

function testServing(story: Story): void {
  story("sends nothing for a signal that is aborted already", async ({ near, serve }) => {
    await serve("node", () => assert.fail("delivered"));
    const signal = AbortSignal.abort(new Error("enough"));
    await assert.rejects(near.send("node", "1", { signal }), /^Error: enough$/);
    await assert.rejects(collect(near.stream("node", ["1"], { signal })), /^Error: enough$/);
  });

  story("refuses a second node of one name, and serves it after the first has closed", async ({ far }) => {
    const first = await far.serve("twin", () => "first");
    await assert.rejects(
      far.serve("twin", () => "second"),
      { code: "ADDRESS_BUSY" },
    );
    await first.close();
    await first.close();
    const second = await far.serve("twin", () => "second");
    assert.equal(second.name, "twin");
  });

  story("serves more channels than connections may be kept", async ({ near, serve }) => {
    await serve("echo", ({ channel }) => channel);
    const channels = Array.from({ length: 100 }, (_, index) => `${index}`);
    const acks = channels.map((channel) => near.send("echo", "1", { channel }));
    assert.deepEqual(await Promise.all(acks), channels);
  });
}

/** Moves time in small steps until a promise is settled. */
async function passTime<Result>(clock: ManualClock, result: Promise<Result>): Promise<Result> {
  let isSettled = false;
  const settle = () => {
    isSettled = true;
  };
  result.then(settle, settle);
  while (!isSettled) {
    clock.advance(10);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return result;
}

class Notices {
  readonly texts: string[] = [];
  readonly #gate = new Gate();

  readonly add: PeerNotice = ({ peer, problem }) => {
    this.texts.push(`${peer}: ${problem?.code ?? "back"}`);
    this.#gate.arrive();
  };

  count(expected: number): Promise<void> {
    return this.#gate.arrivals(expected);
  }
}
