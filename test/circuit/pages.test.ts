import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { MockBoard } from "../../src/board/link/mock.js";
import { makeSafety } from "../../src/circuit/safety.js";
import { systemClock } from "../../src/core/clock.js";
import { type CircuitDefinition, type CircuitEvent, on, runCircuit } from "../../src/index.js";
import { WsMesh } from "../../src/mesh/ws/ws-mesh.js";
import { temporaryFolder } from "../temporary-folder.js";

/** A buzzer and an iopin on a mock board, and where they listen. */
async function run(context: TestContext, more: CircuitDefinition = {}) {
  const env = { XDG_RUNTIME_DIR: temporaryFolder() };
  const stop = new AbortController();
  const link = new MockBoard();
  const urls = new Map<string, string>();
  let listening = () => {};
  const ready = new Promise<void>((resolve) => {
    listening = () => urls.size === 2 && resolve();
  });
  const onEvent = (event: CircuitEvent) => {
    if (event.type !== "listening") return;
    urls.set(event.node, event.addresses[0] ?? "");
    listening();
  };
  const ended = runCircuit(
    {
      ...more,
      boards: { desk: "mock" },
      nodes: { buzzer: { sketch: "buzzer", listen: 0 }, iopin: { sketch: "iopin", listen: 0 } },
    },
    { signal: stop.signal, onEvent, links: { desk: link }, env },
  );
  ended.catch(() => {});
  context.after(async () => {
    stop.abort();
    await ended.catch(() => {});
  });
  await ready;
  const page = (node: string, path: string) => fetch(`${urls.get(node)?.replace("ws:", "http:")}${path}`);
  return { urls, page, link, env };
}

test("a circuit's node says on /healthz what it is and that it is well", {
  timeout: 20_000,
}, async (context) => {
  const { page } = await run(context);
  const answer = await page("buzzer", "/healthz");
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get("content-type") ?? "", /^application\/json/);
  const { status, node, boot, uptimeSeconds, version, board } = JSON.parse(await answer.text());
  assert.deepEqual([status, node], ["ok", "buzzer"]);
  assert.ok(uptimeSeconds >= 0 && uptimeSeconds < 20, `${uptimeSeconds} s`);
  assert.match(boot, /^[\da-f-]{36}$/);
  assert.match(version, /^\d+\.\d+\.\d+/);
  assert.deepEqual(board, { name: "desk", address: "mock", isLost: false });
});

test("a circuit's node counts on /metrics what it does", { timeout: 20_000 }, async (context) => {
  const { urls, page, env } = await run(context);
  const safety = await makeSafety({}, { env, clock: systemClock, notice: () => {} });
  const mesh = new WsMesh({ grid: Object.fromEntries(urls), safety });
  context.after(() => mesh.close());
  for (const tick of ["0", "1", "2"]) await mesh.send("iopin", tick, { from: "clock", channel: "datafeed" });
  const answer = await page("iopin", "/metrics");
  assert.equal(answer.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const text = await answer.text();
  const lines = text.split("\n");
  for (const line of [
    'circuit_messages_total{node="iopin"} 3',
    'circuit_acks_total{node="iopin"} 3',
    'circuit_messages_total{node="buzzer"} 9',
    'circuit_sent_messages_total{peer="buzzer"} 9',
    'circuit_sent_acks_total{peer="buzzer"} 9',
    'circuit_sent_outstanding{peer="buzzer"} 0',
    'circuit_sent_window{peer="buzzer"} 1024',
    'circuit_peer_connected{peer="buzzer"} 1',
    'circuit_connections{node="iopin",protocol="circuit.1"} 1',
    'circuit_connections{node="iopin",protocol="plain"} 0',
    'circuit_kept_sessions{node="iopin"} 0',
    'circuit_handler_seconds_count{node="iopin"} 3',
    'circuit_handler_seconds_bucket{le="+Inf",node="iopin"} 3',
    'circuit_board_up{board="desk",address="mock"} 1',
    'circuit_board_outbox_writes{board="desk",address="mock"} 0',
    "# TYPE circuit_ack_seconds histogram",
    "# TYPE circuit_messages_total counter",
  ]) {
    assert.ok(
      lines.some((found) => sorted(found) === sorted(line)),
      `no ${line} in\n${lines.filter((found) => found.startsWith(line.split("{")[0] ?? "")).join("\n")}`,
    );
  }
  assert.match(text, /^process_cpu_seconds_total /m);
  // The format that a scraper reads: each series once, each figure described before its series.
  const series = lines
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(" ")[0]);
  assert.equal(new Set(series).size, series.length);
});

test("a circuit's metrics tell of failures", { timeout: 20_000 }, async (context) => {
  const { urls, page } = await run(context);
  const url = urls.get("buzzer") ?? "";
  const mesh = new WsMesh({ grid: { buzzer: url, nobody: "ws://127.0.0.1:1" }, patienceMs: 50 });
  context.after(() => mesh.close());
  await assert.rejects(mesh.send("nobody", "1"), { code: "PEER_MISSING" });
  assert.deepEqual(
    mesh.counts().peers.map(({ peer, sent }) => [peer, [...sent.failures]]),
    [["nobody", [["PEER_MISSING", 1]]]],
  );
  const evil = await fetch(`${url.replace("ws:", "http:")}/healthz`, {
    headers: { Origin: "http://evil.example" },
  });
  assert.equal(evil.status, 403);
  assert.match(await (await page("buzzer", "/metrics")).text(), /^# TYPE circuit_failures_total counter$/m);
});

test("a circuit's metrics tell of its observers", { timeout: 20_000 }, async (context) => {
  let heardLast = () => {};
  const heard = new Promise<void>((resolve) => {
    heardLast = resolve;
  });
  const observer = on("door.*", ({ data }) => {
    if (data === 1) return;
    heardLast();
    throw new Error("no");
  });
  const { urls, page, env } = await run(context, { observers: [observer] });
  const safety = await makeSafety({}, { env, clock: systemClock, notice: () => {} });
  const mesh = new WsMesh({ grid: Object.fromEntries(urls), safety });
  context.after(() => mesh.close());
  await mesh.join();
  for (const data of [1, 1, 2]) assert.equal(mesh.publish("door.open", data), 1);
  await heard;
  const text = await (await page("buzzer", "/metrics")).text();
  const figure = (name: string) =>
    new RegExp(`^circuit_observer_${name}_total\\{.*observer="door\\.\\*".*\\} (\\d+)$`, "m").exec(text)?.[1];
  assert.deepEqual(["handled", "failed", "dropped"].map(figure), ["2", "1", "0"]);
});

/** Labels come in an order of their own. */
function sorted(line: string): string {
  return line.replace(/\{(.*)\}/, (_, labels: string) => `{${labels.split(",").sort().join(",")}}`);
}
