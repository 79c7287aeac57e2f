import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ManualClock } from "../../../src/core/manual-clock.js";
import { readFrame } from "../../../src/mesh/framed/frame-reader.js";
import { parseChallenge, parseProofs } from "../../../src/mesh/framed/hello.js";
import { prover } from "../../../src/mesh/framed/proof.js";
import { DEFAULT_LIMITS } from "../../../src/mesh/limits.js";
import { Node } from "../../../src/mesh/node.js";
import type { Guard } from "../../../src/mesh/safety/trust.js";
import { cases } from "../../long.js";
import { jsonFrame } from "./frame-proxy.js";
import { CHALLENGE, HELLO, PROOF, WELCOME } from "./framed-client.js";

const GOOD = Buffer.alloc(32, 1).toString("base64url");
const ASKED = { node: "buzzer", boot: "b", nonce: GOOD, proofs: [GOOD, GOOD] };

/** Reads the one record of a frame. */
function read(frame: Buffer, parse: (value: unknown) => unknown): unknown {
  let found: unknown;
  const refuse = () => assert.fail("it is another record");
  readFrame(frame, {
    json: (_, value) => {
      found = parse(value);
    },
    ...{ open: refuse, chain: refuse, message: refuse, ack: refuse, failure: refuse, numbers: refuse },
  });
  return found;
}

const records = [
  ["parseChallenge()", jsonFrame(CHALLENGE, ASKED), parseChallenge, ASKED],
  ["parseProofs()", jsonFrame(PROOF, { proofs: [GOOD] }), parseProofs, [Buffer.alloc(32, 1)]],
] as const;
for (const [name, frame, parse, expected] of records) {
  test(`${name} reads its record, and refuses every beginning of it`, () => {
    assert.deepEqual(read(frame, parse), expected);
    for (let length = 1; length < frame.length; length++)
      assert.throws(() => read(frame.subarray(0, length), parse), { code: "MESSAGE_INVALID" });
  });
}

const refused: readonly (readonly [what: string, change: object])[] = [
  ["no node", { node: undefined }],
  ["an empty node", { node: "" }],
  ["a node that is too long", { node: "x".repeat(256) }],
  ["no boot id", { boot: 1 }],
  ["no nonce", { nonce: undefined }],
  ["no proofs", { proofs: undefined }],
  ["proofs that are a text", { proofs: GOOD }],
  ["five proofs", { proofs: Array(5).fill(GOOD) }],
  ["a proof of 31 bytes", { proofs: [Buffer.alloc(31).toString("base64url")] }],
  ["a proof of 33 bytes", { proofs: [Buffer.alloc(33).toString("base64url")] }],
  ["a proof that is no text", { proofs: [1] }],
];
for (const [what, change] of refused) {
  test(`parseChallenge() refuses ${what}`, () => {
    assert.throws(() => parseChallenge({ ...ASKED, ...change }), { code: "MESSAGE_INVALID" });
  });
}

test("Nothing that a stranger says in a greeting lets it in, or breaks the node", () => {
  const guard: Guard = {
    keyring: { keysOf: () => [Buffer.from("a secret of sixteen")], watch: () => () => {} },
    prover,
    isDemanded: true,
    binding: new Uint8Array(),
    nameOf: () => undefined,
    refused: () => {},
  };
  const node = new Node({
    name: "buzzer",
    clock: new ManualClock(),
    limits: DEFAULT_LIMITS,
    schedule: (callback) => callback(),
    handler: () => assert.fail("it ran a stranger's message"),
  });
  const field = fc.constantFrom<unknown>(undefined, "", "iopin", "buzzer", GOOD, 1, null, [GOOD], []);
  const json = fc.record({
    ...{
      version: fc.constantFrom(1, 2),
      sender: field,
      target: field,
      boot: field,
      from: field,
      nonce: field,
    },
    ...{ token: field, node: field, proofs: field, channels: fc.constantFrom([], [[0, "bits", 1]], 1) },
  });
  const frame = fc.oneof(
    fc
      .tuple(fc.constantFrom(HELLO, WELCOME, 0x03, CHALLENGE, PROOF), json)
      .map(([type, value]) => jsonFrame(type, value)),
    fc.constant(
      jsonFrame(HELLO, {
        version: 1,
        sender: "s",
        target: "buzzer",
        channels: [],
        from: "iopin",
        nonce: GOOD,
      }),
    ),
    fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
    fc.constant(Buffer.from("100004626974731100018001 31".replace(" ", ""), "hex")),
  );
  const property = fc.property(fc.array(frame, { maxLength: 5 }), (frames) => {
    let isClosed = false;
    const said: number[] = [];
    const link = {
      isFull: false,
      headBytes: 0,
      send: (bytes: Uint8Array) => void said.push(bytes[0] ?? 0),
      close: () => {
        isClosed = true;
      },
    };
    const events = node.accept(link, "192.0.2.1", guard);
    for (const each of frames) if (!isClosed) events.frame(each);
    assert.ok(!said.includes(WELCOME), "it was let in");
    events.ended("over");
  });
  fc.assert(property, { numRuns: cases(2_000, 50_000) });
});
