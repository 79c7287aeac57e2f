import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Mesh } from "../../src/mesh/mesh.js";
import type { FrameTap } from "../../src/mesh/tap.js";
import { WsMesh } from "../../src/mesh/ws/ws-mesh.js";
import { open, options } from "./nats-rig.js";

interface Tapped {
  readonly direction: "in" | "out";
  readonly peer: string;
  readonly hex: string;
}

function makeTap() {
  const frames: Tapped[] = [];
  const tap: FrameTap = (direction, peer, frame) =>
    frames.push({ direction, peer, hex: Buffer.from(frame).toString("hex") });
  const hexOf = (wanted: "in" | "out") =>
    frames.flatMap(({ direction, hex }) => (direction === wanted ? [hex] : []));
  return { tap, frames, hexOf };
}

/** A message there and back: each end has told what the other has, and everything that went by. */
async function talk(near: Mesh, taps: readonly [ReturnType<typeof makeTap>, ReturnType<typeof makeTap>]) {
  const [here, there] = taps;
  assert.equal(await near.send("echo", "ping-ping", { channel: "bits" }), "PING-PING");
  assert.deepEqual(there.hexOf("in"), here.hexOf("out").slice(0, there.hexOf("in").length));
  assert.deepEqual(here.hexOf("in"), there.hexOf("out").slice(0, here.hexOf("in").length));
  const has = (hexes: readonly string[], text: string) =>
    assert.ok(
      hexes.some((hex) => hex.includes(Buffer.from(text).toString("hex"))),
      `no ${text} in ${hexes}`,
    );
  has(there.hexOf("in"), "ping-ping");
  has(here.hexOf("in"), "PING-PING");
}

const upper = ({ message }: { readonly message: unknown }) => String(message).toUpperCase();

async function overWs(context: TestContext, framed: boolean) {
  const taps = [makeTap(), makeTap()] as const;
  const near = new WsMesh({ framed, tap: taps[0].tap });
  const far = new WsMesh({ framed, tap: taps[1].tap });
  context.after(() => Promise.all([near.close(), far.close()]));
  const { addresses } = await far.serve("echo", upper, { host: "127.0.0.1", port: 0 });
  near.introduce("echo", addresses[0] ?? "");
  await talk(near, taps);
  return taps;
}

test("a WsMesh tells its tap each frame of the framed protocol, at both ends", async (context) => {
  const [here, there] = await overWs(context, true);
  assert.deepEqual([...new Set(here.frames.map(({ peer }) => peer))], ["echo"]);
  for (const { peer } of there.frames) assert.match(peer, /^127\.0\.0\.1:\d+$/);
});

test("a WsMesh tells its tap each text of the plain protocol, at both ends", async (context) => {
  const [here, there] = await overWs(context, false);
  const [ping, pong] = ["ping-ping", "PING-PING"].map((text) => Buffer.from(text).toString("hex"));
  assert.deepEqual(here.frames, [
    { direction: "out", peer: "echo/bits", hex: ping },
    { direction: "in", peer: "echo/bits", hex: pong },
  ]);
  assert.match(there.frames[0]?.peer ?? "", /^127\.0\.0\.1:\d+\/bits$/);
});

test("a NatsMesh tells its tap each frame of its links, at both ends", options, async (context) => {
  const { mesh } = await open(context);
  const taps = [makeTap(), makeTap()] as const;
  const [near, far] = [mesh({ tap: taps[0].tap }), mesh({ tap: taps[1].tap })];
  await far.serve("echo", upper);
  await talk(near, taps);
  assert.equal(taps[0].frames[0]?.peer, "echo");
});

test("a NatsMesh tells its tap single requests and their answers", options, async (context) => {
  const { mesh, wire } = await open(context);
  const { tap, frames } = makeTap();
  await mesh({ tap }).serve("echo", upper);
  const client = await wire();
  assert.equal((await client.request("circuit.echo.bits", "ping")).text, "PING");
  assert.deepEqual(
    frames.map(({ direction, peer, hex }) => [direction, peer, Buffer.from(hex, "hex").toString()]),
    [
      ["in", "nats/bits", "ping"],
      ["out", "nats/bits", "PING"],
    ],
  );
});
