import assert from "node:assert/strict";
import { test } from "node:test";
import { findAdvert } from "../../../src/mesh/discovery/advert.js";
import { advertOf } from "./adverts.js";

const WHOLE = { ...advertOf(1), sketch: "buzzer", board: "sim:uno" };

test("findAdvert() reads what a node wrote, and leaves out what it does not know", () => {
  assert.deepEqual(findAdvert(JSON.parse(JSON.stringify({ ...WHOLE, process: { pid: 1 } }))), WHOLE);
  const bare = { boot: "b", name: "n", addresses: ["wss://example.org"], engine: "ws" };
  assert.deepEqual(findAdvert(bare), bare);
});

const REFUSED: readonly (readonly [string, unknown])[] = [
  ["no object", "buzzer"],
  ["null", null],
  ["a list", []],
  ["no boot id", { ...WHOLE, boot: undefined }],
  ["no name", { ...WHOLE, name: "" }],
  ["a name of 256 characters", { ...WHOLE, name: "n".repeat(256) }],
  ["a name that moves the cursor", { ...WHOLE, name: "buzzer\u001b[2J" }],
  ["a name of two lines", { ...WHOLE, name: "buzzer\nclock" }],
  ["a name written backwards", { ...WHOLE, name: "\u202ebuzzer" }],
  ["no engine", { ...WHOLE, engine: 1 }],
  ["no address", { ...WHOLE, addresses: [] }],
  ["addresses that are none", { ...WHOLE, addresses: "ws://127.0.0.1:1" }],
  ["an address of another kind", { ...WHOLE, addresses: ["file:///etc/passwd"] }],
  ["an address with a path", { ...WHOLE, addresses: ["ws://127.0.0.1:1/data"] }],
  ["17 addresses", { ...WHOLE, addresses: Array.from({ length: 17 }, () => "ws://127.0.0.1:1") }],
];

for (const [what, value] of REFUSED) {
  test(`findAdvert() refuses ${what}`, () => assert.equal(findAdvert(value), undefined));
}

test("findAdvert() drops what it may do without", () => {
  const odd = { ...WHOLE, sketch: 7, board: "\u0007", sinceMs: "yesterday" };
  const { boot, name, addresses, engine } = WHOLE;
  assert.deepEqual(findAdvert(odd), { boot, name, addresses, engine });
});
