import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { WsMesh } from "../../src/mesh/ws/ws-mesh.js";
import { PYTHON, skipWithoutPythonWebsockets } from "../tools.js";

const SCRIPT = fileURLToPath(new URL("../../../test/mesh/foreign.py", import.meta.url));
const options = { skip: skipWithoutPythonWebsockets, timeout: 20_000 };

/** What a Python client of one of our nodes prints. */
async function ask(context: TestContext, path: string, messages: readonly string[]): Promise<string[]> {
  const mesh = new WsMesh();
  context.after(() => mesh.close());
  const node = await mesh.serve(
    "node",
    async ({ channel, message }) => {
      if (message === "bad") throw new Error("cannot play that ♪");
      return message === "" ? undefined : `${channel}:${message}`;
    },
    { port: 0 },
  );
  const url = (node.addresses[0] ?? "").replace("127.0.0.1", "localhost");
  const { stdout } = await promisify(execFile)(PYTHON, [SCRIPT, "client", `${url}${path}`, ...messages]);
  return stdout.trimEnd().split("\n");
}

const asked: readonly (readonly [string, string, readonly string[], readonly string[]])[] = [
  ["one after the other", "/datafeed", ["0", "1"], ["datafeed:0", "datafeed:1"]],
  ["ahead of the acks", "/", ["--pipelined", "1", "0", "1"], [":1", ":0", ":1"]],
  ["on a channel beyond ASCII", "/k%C3%A4se/1", ["1"], ["käse/1:1"]],
  ["a message without an answer", "/x", [""], ["n/a"]],
  ["text beyond ASCII", "/x", ["♪"], ["x:♪"]],
  [
    "what the handler cannot take",
    "/x",
    ["--pipelined", "1", "bad", "2"],
    ["x:1", "closed 1011 cannot play that ♪"],
  ],
];
for (const [what, path, messages, acks] of asked) {
  test(`A Python client sends to a WsMesh: ${what}`, options, async (context) => {
    assert.deepEqual(await ask(context, path, messages), acks);
  });
}

/** A mesh that knows a Python node. */
async function serve(context: TestContext): Promise<WsMesh> {
  const python = spawn(PYTHON, [SCRIPT, "server"], { stdio: ["ignore", "pipe", "ignore"] });
  context.after(() => python.kill());
  const [port] = await once(createInterface({ input: python.stdout }), "line");
  const mesh = new WsMesh({ grid: { python: `ws://127.0.0.1:${port}` } });
  context.after(() => mesh.close());
  return mesh;
}

test("A WsMesh sends to a Python node, pipelined and on any channel", options, async (context) => {
  const mesh = await serve(context);
  for (const channel of ["", "datafeed", "käse/1", "50 %"]) {
    const messages = Array.from({ length: 100 }, (_, index) => `${index}`);
    const acks: string[] = [];
    for await (const ack of mesh.stream("python", messages, { channel })) acks.push(String(ack));
    assert.deepEqual(
      acks,
      messages.map((message) => `${channel}:${message}`),
    );
  }
});

test("A WsMesh hears that a Python node failed, and goes on", options, async (context) => {
  const mesh = await serve(context);
  const sent = await Promise.allSettled(["1", "bad", "2"].map((message) => mesh.send("python", message)));
  assert.deepEqual(
    sent.map((result) => (result.status === "fulfilled" ? result.value : result.reason.code)),
    [":1", "PEER_REFUSED", "NOT_RUN"],
  );
  assert.equal(await mesh.send("python", "3"), ":3");
});

test("A WsMesh rejects what a Python node left without an answer", options, async (context) => {
  const mesh = await serve(context);
  await assert.rejects(mesh.send("python", "leave"), {
    code: "PEER_LOST",
    message: /closed the connection with 1000/,
  });
  const signal = AbortSignal.timeout(50);
  await assert.rejects(mesh.send("python", "mute", { signal }), { name: "TimeoutError" });
  assert.equal(await mesh.send("python", "3"), ":3");
});
