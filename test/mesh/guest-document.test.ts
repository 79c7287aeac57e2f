import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { WebSocket } from "ws";
import { WsMesh } from "../../src/mesh/ws/ws-mesh.js";

const DOCUMENT = readFileSync(new URL("../../../docs/protocol.md", import.meta.url), "utf8");

/** The lines of the exchange of who cannot listen: who says what, and its JSON. */
const LINES = [...DOCUMENT.matchAll(/^(page|host| {6}) +((?:[0-9a-f]{2} )+)(?:…)? +(.*)$/gm)].map(
  ([, who = "", bytes = "", text = ""]) => ({ who, bytes: bytes.trim().replaceAll(" ", ""), text }),
);

const hex = (frame: Uint8Array) => Buffer.from(frame).toString("hex");

/** A record of JSON of up to 16 383 bytes. */
function record(type: number, json: string): Buffer {
  const { length } = Buffer.from(json);
  const size = length < 0x80 ? [length] : [(length & 0x7f) | 0x80, length >> 7];
  return Buffer.concat([Buffer.from([type, ...size]), Buffer.from(json)]);
}

test("docs/protocol.md shows how a page offers a node, and is sent a message", async (context) => {
  assert.deepEqual(
    LINES.map(({ who }) => who.trim()),
    ["page", "host", "host", "page", "host", "", "", "page", ""],
  );
  const [offer, welcome, , , open, send, item, ack, answer] = LINES.map(({ bytes }) => bytes);
  const jsonOf = (at: number) => /\{.*\}/.exec(LINES[at]?.text ?? "")?.[0] ?? "";
  assert.ok(hex(record(1, jsonOf(0))).startsWith(offer ?? "?"));
  assert.ok(hex(record(2, jsonOf(1))).startsWith(welcome ?? "?"));

  const mesh = new WsMesh({ limits: { closeMs: 50 } });
  context.after(() => mesh.close());
  const { addresses } = await mesh.serve("hub", () => {}, { host: "127.0.0.1", port: 0 });
  const page = new WebSocket(addresses[0] ?? "", "circuit.1");
  context.after(() => page.terminate());
  const frames: string[] = [];
  let sent: Promise<unknown> | undefined;
  const answered = new Promise<void>((resolve) => {
    page.on("message", (frame: Buffer) => {
      frames.push(hex(frame));
      if (frames.length === 1) sent = mesh.send("phone", "1", { channel: "bell" });
      if (frames.length === 2) page.send(record(2, jsonOf(1)));
      if (frames.length !== 3) return;
      page.send(Buffer.from(`${ack}${answer}`, "hex"));
      resolve();
    });
  });
  page.on("open", () => page.send(record(1, jsonOf(0))));
  await answered;
  assert.equal(await sent, "ding");
  const [first = "", second = "", third = ""] = frames;
  assert.equal(first, hex(record(2, jsonOf(1))));
  assert.match(Buffer.from(second, "hex").toString(), /^.{2,3}\{"version":1,.*"target":"phone"/s);
  assert.ok(third.startsWith(`${open}${send}`), third);
  assert.ok(third.includes(item ?? "?") && third.endsWith("0131"), third);
});

test("A name that is taken is refused with the reason", async (context) => {
  const mesh = new WsMesh({ limits: { closeMs: 50 } });
  context.after(() => mesh.close());
  const { addresses } = await mesh.serve("phone", () => {}, { host: "127.0.0.1", port: 0 });
  const page = new WebSocket(addresses[0] ?? "", "circuit.1");
  const hello = { version: 1, sender: "s1", target: "phone", channels: [], from: "phone", serves: "p1" };
  page.on("open", () => page.send(record(1, JSON.stringify(hello))));
  const said = await new Promise<Buffer>((resolve) => page.once("message", resolve));
  assert.equal(said[0], 3);
  assert.match(said.toString(), /"denied":"there is a node \\"phone\\" already"/);
});
