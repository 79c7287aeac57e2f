import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseServers } from "../../src/mesh/nats/address.js";
import {
  channelOf,
  decodeToken,
  encodeToken,
  isInbox,
  isLinkSubject,
  parseTarget,
  requestSubject,
} from "../../src/mesh/nats/subjects.js";

const TOKENS: readonly (readonly [name: string, token: string])[] = [
  ["buzzer", "buzzer"],
  ["my_node-2", "my_node-2"],
  ["", "="],
  ["=", "=3D"],
  ["_open", "=5Fopen"],
  ["__", "=5F_"],
  ["a.b", "a=2Eb"],
  ["a..b", "a=2E=2Eb"],
  [".", "=2E"],
  ["a b", "a=20b"],
  ["a\r\nb", "a=0D=0Ab"],
  ["\0", "=00"],
  ["*", "=2A"],
  ["a.>", "a=2E=3E"],
  ["$SRV", "=24SRV"],
  ["a/b", "a=2Fb"],
  ["ä☃🔔", "=C3=A4=E2=98=83=F0=9F=94=94"],
];

for (const [name, token] of TOKENS) {
  test(`encodeToken() writes ${JSON.stringify(name)} as ${token}`, () =>
    assert.equal(encodeToken(name), token));
  test(`decodeToken() reads ${token} as ${JSON.stringify(name)}`, () =>
    assert.equal(decodeToken(token), name));
}

const NO_TOKENS = [
  "",
  "_open",
  "==",
  "=3",
  "=3d",
  "=41",
  "=C3",
  "=FF",
  "a.b",
  "a b",
  "*",
  ">",
  "ä",
  "a=",
  "=61_",
];

for (const token of NO_TOKENS) {
  test(`decodeToken() refuses ${JSON.stringify(token)}`, () => assert.equal(decodeToken(token), undefined));
}

test("encodeToken() gives every name a token of its own, which NATS takes", () => {
  const names = fc.string({ unit: "grapheme" });
  fc.assert(
    fc.property(names, names, (one, other) => {
      const token = encodeToken(one);
      assert.match(token, /^[\w=-]+$/);
      assert.equal(decodeToken(token), one);
      assert.equal(token === encodeToken(other), one === other);
    }),
  );
});

for (const channel of ["", "datafeed", "a.b", "_open", ">"]) {
  test(`channelOf() undoes requestSubject() for ${JSON.stringify(channel)}`, () => {
    const subject = requestSubject("my.node", channel);
    assert.equal(channelOf("my.node", subject), channel);
    assert.ok(subject.startsWith("circuit.my=2Enode"));
  });
}

test("parseTarget() tells a name from a member of it", () => {
  assert.deepEqual(parseTarget("buzzer"), { node: "buzzer", member: undefined });
  assert.deepEqual(parseTarget("buzzer@1f-2"), { node: "buzzer", member: "1f-2" });
});

for (const target of [
  "",
  "@1f",
  "buzzer@",
  "buzzer@a.b",
  "a@b@c",
  "errors",
  "\ud83d",
  "x".repeat(256),
  "☃".repeat(86),
]) {
  test(`parseTarget() refuses ${JSON.stringify(target.slice(0, 12))}`, () => {
    assert.throws(() => parseTarget(target), { code: "ADDRESS_INVALID" });
  });
}

for (const [subject, expected] of [
  ["_INBOX.abc", true],
  ["_INBOX.abc.def", true],
  ["_INBOX.", false],
  ["_INBOX.*", false],
  ["_INBOX.a.>", false],
  ["_INBOX.a b", false],
  ["circuit.buzzer.datafeed", false],
  [`_INBOX.${"x".repeat(255)}`, false],
] as const) {
  test(`isInbox() says ${expected} of ${subject.slice(0, 20)}`, () =>
    assert.equal(isInbox(subject), expected));
}

for (const [subject, expected] of [
  ["circuit.buzzer._link.AB1", true],
  ["circuit.buzzer._link.", false],
  ["circuit.buzzer._link.a.b", false],
  ["circuit.buzzer._link.*", false],
  ["circuit.iopin._link.AB1", false],
] as const) {
  test(`isLinkSubject() says ${expected} of ${subject}`, () => {
    assert.equal(isLinkSubject("buzzer", subject), expected);
  });
}

test("parseServers() reads one server, or several", () => {
  assert.deepEqual(parseServers("nats://127.0.0.1:4222/"), ["nats://127.0.0.1:4222"]);
  assert.deepEqual(parseServers("nats://a:1, tls://[::1]:2"), ["nats://a:1", "tls://[::1]:2"]);
});

for (const [address, reason] of [
  ["", /not a URL/],
  ["127.0.0.1:4222", /not a URL|scheme/],
  ["ws://127.0.0.1:4222", /scheme is ws:/],
  ["nats://", /not a URL|no host/],
  ["nats://user:secret@host", /user or a password/],
  ["nats://host/path", /after the port/],
  ["nats://a,http://b", /scheme is http:/],
] as const) {
  test(`parseServers() refuses ${JSON.stringify(address)}, and does not repeat it`, () => {
    assert.throws(() => parseServers(address), { code: "ADDRESS_INVALID", message: reason });
    assert.throws(
      () => parseServers(address),
      (error: Error) => !error.message.includes("secret"),
    );
  });
}
