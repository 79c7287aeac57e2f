import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { digestOf, prove } from "../../../src/mesh/framed/proof.js";
import { jsonFrame } from "./frame-proxy.js";

const DOCUMENT = readFileSync(new URL("../../../../docs/protocol.md", import.meta.url), "utf8");

test("docs/protocol.md shows a greeting whose proofs are good", () => {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
  const nonces = [Buffer.alloc(32, 0x11), Buffer.alloc(32, 0x22)] as const;
  const about = { version: 1, sender: "s1", target: "buzzer", channels: [], from: "iopin" };
  const hello = digestOf(jsonFrame(0x01, { ...about, nonce: text(nonces[0]) }));
  const transcript = {
    ...{ from: "iopin", node: "buzzer", boot: "b1", hello, nonce: nonces[1] },
    binding: Buffer.alloc(0),
  };
  const proofs = [
    prove("receiver", Buffer.from("buzzer-0123456789abcdef"), transcript),
    prove("sender", Buffer.from("iopin-0123456789abcdef"), transcript),
  ];
  for (const bytes of [hello, ...proofs]) assert.ok(DOCUMENT.includes(Buffer.from(bytes).toString("hex")));
  for (const bytes of [...nonces, ...proofs]) assert.ok(DOCUMENT.includes(`"${text(bytes)}"`));
});
