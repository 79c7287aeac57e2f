import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, type TestContext, test } from "node:test";
import type { Page } from "playwright-core";
import { WsMesh } from "../../../src/mesh/ws/ws-mesh.js";
import { openBrowser, REBOUND, skipWithoutChromium } from "../../browser.js";
import { machine, secretOf, secretsOf } from "./desk.js";

const skip = skipWithoutChromium;

/** A web page at an origin of its own, in a real browser. */
async function openPage(context: TestContext): Promise<{ readonly page: Page; readonly port: number }> {
  const server = createServer((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end("<!doctype html><title>a page</title>");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  // The cast: a listening TCP server has one.
  const { port } = server.address() as AddressInfo;
  const browser = await openBrowser(context);
  return { page: await browser.newPage(), port };
}

/** What becomes of a page's WebSocket to a node: the answer to a message, or how it ended. */
function ask(page: Page, url: string, inFrame = false): Promise<string> {
  const script = `new Promise((resolve) => {
    const ws = new WebSocket(${JSON.stringify(url)});
    ws.onopen = () => ws.send("1");
    ws.onmessage = ({ data }) => resolve("answer " + data);
    ws.onclose = ({ code }) => resolve("closed " + code);
  })`;
  if (!inFrame) return page.evaluate(script);
  // A sandboxed frame, whose origin is "null".
  return page.evaluate(`new Promise((resolve) => {
    addEventListener("message", ({ data }) => resolve(data), { once: true });
    const frame = document.createElement("iframe");
    frame.sandbox = "allow-scripts";
    frame.srcdoc = ${JSON.stringify(`<script>${script}.then((said) => parent.postMessage(said, "*"))</`)} + "script>";
    document.body.append(frame);
  })`);
}

/** A node that lets in pages of these origins. */
async function serve(context: TestContext, allowedOrigins: readonly string[]) {
  const mesh = new WsMesh({ allowedOrigins, limits: { closeMs: 50 } });
  context.after(() => mesh.close());
  const runs: unknown[] = [];
  const { addresses } = await mesh.serve("motor", ({ message }) => void runs.push(message), {
    host: "127.0.0.1",
    port: 0,
  });
  const [url = ""] = addresses;
  return { url, port: Number(new URL(url).port), runs };
}

describe("A page in a real browser", { skip, timeout: 60_000 }, () => {
  test("cannot drive a node from another origin, from a sandbox or under a rebound name; one that is allowed can", async (context) => {
    const { page, port } = await openPage(context);
    const origin = `http://127.0.0.1:${port}`;
    const closed = await serve(context, []);
    const open = await serve(context, [origin, "null"]);

    await page.goto(origin);
    assert.equal(await ask(page, `${closed.url}/speed`), "closed 1006");
    assert.equal(await ask(page, `${open.url}/speed`, true), "closed 1006");
    assert.equal(await ask(page, `${open.url}/speed`), "answer n/a");
    assert.equal(await ask(page, `ws://localhost:${open.port}/speed`), "answer n/a");

    // A page of the node's own, which it answers with a line of text.
    await page.goto(`http://127.0.0.1:${closed.port}/`);
    assert.equal(await ask(page, `${closed.url}/speed`), "answer n/a");
    assert.equal(await ask(page, `ws://localhost:${closed.port}/speed`), "closed 1006");
    assert.equal(await ask(page, `${closed.url}/speed`, true), "closed 1006");
    assert.deepEqual(closed.runs.splice(0), ["1"]);

    // To the browser the node is then of the page's own site.
    await page.goto(`http://${REBOUND}:${port}`);
    assert.equal(await page.evaluate("location.hostname"), REBOUND);
    assert.equal(await ask(page, `ws://${REBOUND}:${closed.port}/speed`), "closed 1006");
    assert.equal(await ask(page, `ws://${REBOUND}:${open.port}/speed`), "closed 1006");

    // Also a request that is no upgrade, which a page of the node's very port would make.
    await page.goto(`http://${REBOUND}:${closed.port}/`);
    assert.match(
      String(await page.evaluate("document.body.innerText")),
      /^Host "desk\.example:\d+" is not this node/,
    );
    assert.deepEqual(closed.runs, []);
    assert.deepEqual(open.runs, ["1", "1"]);
  });

  test("gives its token in the hello", async (context) => {
    const { page, port } = await openPage(context);
    const origin = `http://127.0.0.1:${port}`;
    const { mesh } = await machine(context, secretsOf("motor", "page"), { allowedOrigins: [origin] });
    const { addresses } = await mesh.serve("motor", () => {}, { host: "127.0.0.1", port: 0 });
    await page.goto(origin);
    const greet = (token: string) =>
      page.evaluate(`new Promise((resolve) => {
        const ws = new WebSocket(${JSON.stringify(addresses[0])}, "circuit.1");
        ws.binaryType = "arraybuffer";
        ws.onopen = () => {
          const hello = { version: 1, sender: crypto.randomUUID(), target: "motor", channels: [], token: ${JSON.stringify(token)} };
          const text = new TextEncoder().encode(JSON.stringify(hello));
          ws.send(new Uint8Array([0x01, (text.length & 0x7f) | 0x80, text.length >> 7, ...text]));
        };
        ws.onmessage = ({ data }) => resolve(new Uint8Array(data)[0]);
      })`);
    assert.equal(await greet(secretOf("page")), 0x02);
    assert.equal(await greet(secretOf("page", "-guessed")), 0x03);
    // And without one, by the plain protocol, it is not let in at all.
    assert.equal(await ask(page, addresses[0] ?? ""), "closed 1006");
  });
});
