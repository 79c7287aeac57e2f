import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import type { Handler } from "../../src/mesh/mesh.js";
import { WsMesh } from "../../src/mesh/ws/ws-mesh.js";
import { machine, secretOf, secretsOf } from "../mesh/safety/desk.js";
import { BUNDLE, type Desk, load, openDesk, skipChromium } from "./chromium.js";

/** Longest bundle, in bytes after gzip: what a phone loads in a quarter of a second over a slow line. */
const MOST_BUNDLE_BYTES = 30_000;

async function all(acks: AsyncIterable<unknown>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const ack of acks) found.push(ack);
  return found;
}

test("The bundle is small, and asks for no module", () => {
  const bundle = readFileSync(BUNDLE);
  const { length } = gzipSync(bundle, { level: 9 });
  assert.ok(length < MOST_BUNDLE_BYTES, `${length} bytes`);
  const text = bundle.toString();
  assert.doesNotMatch(text, /\bfrom\s*["']node:|\bimport\s*["'(]|\brequire\(/);
});

describe("A tab as a node", { skip: skipChromium, timeout: 60_000 }, () => {
  let desk: Desk;
  before(async () => {
    desk = await openDesk();
  });
  after(() => desk?.close());

  /** A process whose node `hub` lets the desk's pages in, with other nodes beside it. */
  async function serve(context: TestContext, nodes: Readonly<Record<string, Handler>> = {}) {
    const mesh = new WsMesh({ allowedOrigins: [desk.origin], patienceMs: 2_000, limits: { closeMs: 50 } });
    context.after(() => mesh.close());
    const { addresses } = await mesh.serve("hub", () => "hub", { host: "127.0.0.1", port: 0 });
    for (const [name, handler] of Object.entries(nodes)) await mesh.serve(name, handler);
    return { mesh, url: addresses[0] ?? "" };
  }

  async function open(context: TestContext): Promise<Page> {
    const page = await desk.open();
    page.setDefaultTimeout(5_000);
    context.after(() => page.close());
    return page;
  }

  /** Joins as a node and serves a sketch, the body of whose class is given. */
  function join(page: Page, url: string, name: string, body: string, token?: string): Promise<unknown> {
    return page.evaluate(`(async () => {
      globalThis.said = [];
      globalThis.tab = await circuit.joinCircuit(${JSON.stringify(url)}, ${JSON.stringify({ name, token, patienceMs: 3_000 })});
      await tab.serve(new (class extends circuit.Sketch { ${body} })());
    })().then(() => "served", ({ code, message }) => code + " " + message)`);
  }

  test("is the clock, and its ticks are acknowledged in order", async (context) => {
    const heard: unknown[] = [];
    const { url } = await serve(context, {
      iopin: ({ channel, message }) => {
        heard.push(`${channel} ${String(message)}`);
        return "acknowledged";
      },
    });
    const page = await open(context);
    const run = `async run() {
      for (let tick = 0; tick < 3; tick++) said.push(await this.send("iopin", String(tick), "datafeed"));
      for await (const ack of this.stream("iopin", ["3", "4"], "datafeed")) said.push(ack);
      said.push("over");
    }`;
    assert.equal(await join(page, url, "clock", run), "served");
    await page.waitForFunction(`said.includes("over")`);
    assert.deepEqual(await page.evaluate("said"), [...Array(5).fill("acknowledged"), "over"]);
    assert.deepEqual(
      heard,
      [0, 1, 2, 3, 4].map((tick) => `datafeed ${tick}`),
    );
  });

  test("is the iopin, between a clock and a buzzer", async (context) => {
    const bits: unknown[] = [];
    const { mesh, url } = await serve(context, {
      buzzer: ({ message }) => {
        bits.push(message);
        return "buzz";
      },
    });
    const page = await open(context);
    const loop = `async loop(channel, message) {
      for await (const ack of this.stream("buzzer", ["1", "0", "1"], "bits")) said.push(ack);
      return "acknowledged " + message;
    }`;
    assert.equal(await join(page, url, "iopin", loop), "served");
    assert.equal(await mesh.send("iopin", "7", { channel: "datafeed" }), "acknowledged 7");
    assert.deepEqual(bits, ["1", "0", "1"]);
    assert.deepEqual(await page.evaluate("said"), ["buzz", "buzz", "buzz"]);
  });

  test("is the buzzer, for another process too; what it throws rejects one message", async (context) => {
    const { mesh, url } = await serve(context);
    const page = await open(context);
    const loop = `loop(channel, message) {
      if (message === "bad") throw new Error("out of tune");
      said.push(message);
      return message === "1" ? "buzz" : { heard: message };
    }`;
    assert.equal(await join(page, url, "buzzer", loop), "served");
    const acks = mesh.stream("buzzer", ["1", "0", new Uint8Array([7])], { channel: "bits" });
    assert.deepEqual(await all(acks), ["buzz", { heard: "0" }, { heard: { 0: 7 } }]);
    await assert.rejects(mesh.send("buzzer", "bad"), { code: "PEER_REFUSED", message: /out of tune/ });
    assert.equal(await mesh.send("buzzer", "1"), "buzz");
    assert.equal((await page.evaluate("said.length")) as number, 4);
  });

  test("is a phone that buzzes, by the example's page", async (context) => {
    const { mesh, url } = await serve(context);
    const page = await open(context);
    await page.goto(`${desk.origin}/phone-buzzer#${url}`);
    await page.click("#join");
    await page.waitForFunction(`document.querySelector("#state").textContent.startsWith("Ready")`);
    assert.equal(await mesh.send("buzzer", "1", { channel: "bits" }), "buzz buzz buzz");
    assert.equal(await mesh.send("buzzer", "0", { channel: "bits" }), "...");
  });

  test("publishes and listens, and hears nothing twice", async (context) => {
    const { mesh, url } = await serve(context);
    const heard: unknown[] = [];
    mesh.subscribe("lamp.>", ({ subject, data, from }) => void heard.push([subject, data, from]));
    const page = await open(context);
    assert.equal(await join(page, url, "phone", ""), "served");
    await page.evaluate(`(async () => {
      for (const pattern of ["lamp.*", "lamp.>", "door"]) tab.on(pattern, ({ data }) => said.push(pattern + data));
      await tab.join();
      tab.publish("lamp.on", "1");
    })()`);
    mesh.publish("door", "2");
    mesh.publish("lamp.off", "3");
    await page.waitForFunction("said.length >= 5");
    assert.deepEqual(((await page.evaluate("said")) as string[]).sort(), [
      "door2",
      "lamp.*1",
      "lamp.*3",
      "lamp.>1",
      "lamp.>3",
    ]);
    assert.deepEqual(
      heard.find((each) => String(each).startsWith("lamp.on")),
      ["lamp.on", "1", "phone"],
    );
  });

  test("that is closed leaves what ran unknown, is missing then, and may come back", async (context) => {
    const { mesh, url } = await serve(context);
    const page = await open(context);
    const loop = `loop(channel, message) { said.push(message); return message === "hang" ? new Promise(() => {}) : "here"; }`;
    assert.equal(await join(page, url, "phone", loop), "served");
    const lost = assert.rejects(mesh.send("phone", "hang"), { code: "DELIVERY_UNKNOWN" });
    await page.waitForFunction("said.length === 1");
    await page.reload();
    await lost;
    await assert.rejects(mesh.send("phone", "x", { deadlineAtMs: performance.now() + 200 }));
    await load(page, desk.origin);
    assert.equal(await join(page, url, "phone", loop), "served");
    assert.equal(await mesh.send("phone", "x"), "here");
    await page.evaluate("tab.close()");
    await assert.rejects(mesh.send("phone", "x", { deadlineAtMs: performance.now() + 200 }));
  });

  test("whose connections are cut goes on: each message runs once", async (context) => {
    const { mesh, url } = await serve(context);
    const page = await open(context);
    await page.evaluate(`{
      const Real = WebSocket;
      globalThis.sockets = [];
      globalThis.WebSocket = class extends Real { constructor(...all) { super(...all); sockets.push(this); } };
    }`);
    const loop = `async loop(channel, message) {
      said.push(message);
      if (message === "2") {
        for (const socket of sockets.splice(0)) socket.close(4000);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return "ack " + message;
    }`;
    assert.equal(await join(page, url, "phone", loop), "served");
    const acks = await all(mesh.stream("phone", ["1", "2", "3", "4"]));
    assert.deepEqual(acks, ["ack 1", "ack 2", "ack 3", "ack 4"]);
    assert.deepEqual(await page.evaluate("said"), ["1", "2", "3", "4"]);
  });

  test("is refused a name that is taken, and commands", async (context) => {
    const { url } = await serve(context, { iopin: () => "never" });
    const [one, two] = [await open(context), await open(context)];
    assert.match(String(await join(one, url, "hub", "")), /^ACCESS_DENIED .*there is a node "hub" already/);
    assert.equal(await join(one, url, "phone", ""), "served");
    assert.match(String(await join(two, url, "phone", "")), /^ACCESS_DENIED .*another page serves phone/);
    const said = `tab.send("iopin", {}, "circuit.control").catch(({ code }) => code)`;
    assert.equal(await one.evaluate(said), "ACCESS_DENIED");
  });

  test("of another origin, or without the token of its name, is not let in", async (context) => {
    const { url } = await serve(context);
    const page = await open(context);
    await load(page, desk.origin.replace("127.0.0.1", "localhost"));
    assert.match(String(await join(page, url, "phone", "")), /^PEER_MISSING/);

    const secrets = secretsOf("hub", "phone");
    const { mesh } = await machine(context, secrets, { allowedOrigins: [desk.origin] });
    const { addresses } = await mesh.serve("hub", () => "hub", { host: "127.0.0.1", port: 0 });
    const safe = await open(context);
    const [address = ""] = addresses;
    const wrong = await join(safe, address, "phone", "", secretOf("hub"));
    assert.match(String(wrong), /^ACCESS_DENIED .*the token is another's/);
    const right = await join(safe, address, "phone", "loop() { return 'in'; }", secretOf("phone"));
    assert.equal(right, "served");
    assert.equal(await mesh.send("phone", "x", { from: "hub" }), "in");
  });
});
