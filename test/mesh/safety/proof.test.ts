import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { test } from "node:test";
import {
  findProvenKey,
  makeNonce,
  prove,
  type Role,
  type Transcript,
} from "../../../src/mesh/framed/proof.js";

const KEY = Buffer.from("a secret of the iopin");
const OTHER_KEY = Buffer.from("a secret of the buzzer");

const sha256 = (text: string) => createHash("sha256").update(text).digest();

const TRANSCRIPT: Transcript = {
  from: "iopin",
  node: "buzzer",
  boot: "b-1",
  hello: sha256("the frame of a hello"),
  nonce: Buffer.alloc(32, 7),
  binding: Buffer.alloc(0),
};

/** As docs/protocol.md has it, written again. */
function expected(role: string, key: Buffer): string {
  const part = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const parts = [
    Buffer.from(`circuit.1 ${role}`),
    Buffer.from("iopin"),
    Buffer.from("buzzer"),
    Buffer.from("b-1"),
    sha256("the frame of a hello"),
    Buffer.alloc(32, 7),
    Buffer.alloc(0),
  ];
  return createHmac("sha256", key)
    .update(Buffer.concat(parts.map(part)))
    .digest("hex");
}

for (const role of ["sender", "receiver"] as const) {
  test(`prove() is what the document says, of a ${role}`, () => {
    assert.equal(Buffer.from(prove(role, KEY, TRANSCRIPT)).toString("hex"), expected(role, KEY));
  });
}

const good = prove("sender", KEY, TRANSCRIPT);

const checks: readonly (readonly [
  what: string,
  isGood: boolean,
  proofs: readonly Uint8Array[],
  keys: readonly Buffer[],
  role?: Role,
  change?: Partial<Transcript>,
])[] = [
  ["the right secret", true, [good], [KEY]],
  ["the right one of two secrets", true, [good], [OTHER_KEY, KEY]],
  ["the right one of two proofs", true, [prove("sender", OTHER_KEY, TRANSCRIPT), good], [KEY]],
  ["another secret", false, [prove("sender", OTHER_KEY, TRANSCRIPT)], [KEY]],
  ["no secret, of a name that is not known", false, [good], []],
  ["no proof", false, [], [KEY]],
  ["a proof that is reflected", false, [prove("receiver", KEY, TRANSCRIPT)], [KEY]],
  ["a sender's proof for a receiver", false, [good], [KEY], "receiver"],
  ["another sender's name", false, [good], [KEY], "sender", { from: "clock" }],
  ["another receiver's name", false, [good], [KEY], "sender", { node: "lamp" }],
  ["another life of the receiver", false, [good], [KEY], "sender", { boot: "b-2" }],
  ["another hello", false, [good], [KEY], "sender", { hello: sha256("the frame of a hellO") }],
  ["a nonce of another time", false, [good], [KEY], "sender", { nonce: Buffer.alloc(32, 8) }],
  ["a nonce that is cut short", false, [good], [KEY], "sender", { nonce: Buffer.alloc(31, 7) }],
  ["another TLS connection", false, [good], [KEY], "sender", { binding: Buffer.alloc(32, 1) }],
  ["names that are cut elsewhere", false, [good], [KEY], "sender", { from: "iopinb", node: "uzzer" }],
];
for (const [what, isGood, proofs, keys, role = "sender", change = {}] of checks) {
  test(`findProvenKey() ${isGood ? "takes" : "refuses"} ${what}`, () => {
    const transcript = { ...TRANSCRIPT, ...change };
    const found = findProvenKey(proofs, { role, keys, transcript });
    assert.equal(found, isGood ? KEY : undefined);
  });
}

test("findProvenKey() refuses a proof with any one bit changed", () => {
  for (let bit = 0; bit < good.length * 8; bit++) {
    const changed = Buffer.from(good);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(
      findProvenKey([changed], { role: "sender", keys: [KEY], transcript: TRANSCRIPT }),
      undefined,
    );
  }
});

test("makeNonce() draws 32 bytes, never the same", () => {
  const nonces = new Set(Array.from({ length: 100 }, () => Buffer.from(makeNonce()).toString("hex")));
  assert.equal(nonces.size, 100);
  for (const nonce of nonces) assert.equal(nonce.length, 64);
});
