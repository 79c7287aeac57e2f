import assert from "node:assert/strict";
import { test } from "node:test";
import { OutGreeting } from "../../../src/mesh/framed/out-greeting.js";
import { digestOf, prove } from "../../../src/mesh/framed/proof.js";
import type { Passage } from "../../../src/mesh/safety/passage.js";
import { Trust } from "../../../src/mesh/safety/trust.js";
import { secretsOf } from "./desk.js";

const LAN: Passage = { isLocal: false, isSecret: false, binding: new Uint8Array() };
const TLS: Passage = { isLocal: false, isSecret: true, binding: Buffer.alloc(32, 7) };
const HERE: Passage = { isLocal: true, isSecret: false, binding: new Uint8Array() };

const SECRETS: Readonly<Record<string, string>> = secretsOf("iopin", "buzzer");
const credentials = {
  keysOf: (name: string) => (Object.hasOwn(SECRETS, name) ? [Buffer.from(SECRETS[name] ?? "")] : []),
  nameOf: () => undefined,
  watch: () => () => {},
};

const HELLO = { version: 1, sender: "s", target: "buzzer", channels: [] } as const;
const WELCOME = { node: "buzzer", boot: "b" } as const;

/** Greets, and is asked by one who knows the buzzer's secret and calls itself `node`. */
function asked(node: string): OutGreeting {
  const link = { passage: LAN, headBytes: 0 };
  const trust = new Trust({ credentials });
  const greeting = new OutGreeting({ target: "buzzer", from: "iopin", trust, link });
  const hello = digestOf(greeting.hello(HELLO));
  const nonce = Buffer.alloc(32, 9);
  const transcript = { from: "iopin", node, boot: "b", hello, nonce, binding: LAN.binding };
  const proof = prove("receiver", Buffer.from(SECRETS.buzzer ?? ""), transcript);
  const proofs = [Buffer.from(proof).toString("base64url")];
  greeting.answer({ node, boot: "b", nonce: nonce.toString("base64url"), proofs });
  return greeting;
}

test("OutGreeting knows who has proved the target's name, and lets it speak in no other", () => {
  assert.equal(asked("buzzer").check(WELCOME), true);
  assert.throws(() => asked("admin\u009b2J"), {
    code: "ACCESS_DENIED",
    message: "Cannot reach buzzer: admin\u{fffd}2J answers in its place",
  });
  assert.throws(() => asked("buzzer").check({ ...WELCOME, node: "admin" }), { code: "ACCESS_DENIED" });
});

const accepted: readonly (readonly [
  what: string,
  trust: Trust,
  passage: Passage,
  target: string,
  boolean[],
])[] = [
  // Whether an address is accepted without a proof that was given, and one that only the network tells of.
  ["no credentials, on the network", new Trust({}), LAN, "buzzer", [true, false]],
  ["no credentials, over TLS", new Trust({}), TLS, "buzzer", [true, false]],
  ["anyone", new Trust({ anyone: true }), LAN, "buzzer", [true, true]],
  ["a secret of the target", new Trust({ credentials }), HERE, "buzzer", [false, false]],
  ["secrets of others, here", new Trust({ credentials }), HERE, "lamp", [true, false]],
  ["secrets of others, over TLS", new Trust({ credentials }), TLS, "lamp", [true, false]],
  ["secrets of others, on the network", new Trust({ credentials }), LAN, "lamp", [false, false]],
];
for (const [what, trust, passage, target, expected] of accepted) {
  test(`OutGreeting takes a welcome without a proof or not: ${what}`, () => {
    const found = [false, true].map((isHearsay) => {
      const link = { passage, headBytes: 0 };
      const greeting = new OutGreeting({ target, from: "iopin", trust, link, isHearsay });
      greeting.hello({ ...HELLO, target });
      try {
        assert.equal(greeting.check({ ...WELCOME, node: target }), false);
        return true;
      } catch (error) {
        assert.equal(Object(error).code, "ACCESS_DENIED");
        return false;
      }
    });
    assert.deepEqual(found, expected);
  });
}
