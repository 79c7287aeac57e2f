import assert from "node:assert/strict";
import { existsSync, readFileSync, watch } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Flow } from "../../src/flow/flow.js";
import type { Manager } from "../../src/flow/manager.js";
import { startCircuit } from "../cli/cli.js";
import { temporaryFolder } from "../temporary-folder.js";

interface Market {
  readonly url: string;
  close(): Promise<void>;
}

const { openMarket }: { openMarket: (options: { everyMs: number }) => Promise<Market> } = await import(
  example("server.js")
);
const { stock }: { stock: (symbol: string, options: object) => Manager } = await import(
  example("stock.flow.js")
);

function example(name: string): string {
  return new URL(`../../../examples/stock/${name}`, import.meta.url).href;
}

/** Resolves when a file has so many lines. */
async function untilLines(path: string, count: number, signal: AbortSignal): Promise<string[]> {
  for (;;) {
    const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : [];
    if (lines.length >= count) return lines;
    await new Promise<void>((resolve, reject) => {
      const watcher = watch(join(path, ".."), () => end(resolve));
      const abort = () => end(() => reject(signal.reason));
      const end = (settle: () => void) => {
        watcher.close();
        signal.removeEventListener("abort", abort);
        settle();
      };
      signal.addEventListener("abort", abort, { once: true });
      // What came between the look and the watch.
      if (existsSync(path) && readFileSync(path, "utf8").split("\n").length > count) end(resolve);
    });
  }
}

/** Runs a flow of these managers until their files have so many lines. */
async function collect(
  t: TestContext,
  managers: readonly Manager[],
  paths: readonly string[],
  count: number,
) {
  const logged: string[] = [];
  const flow = new Flow({ name: "stock", managers, log: (text) => logged.push(text) });
  flow.start();
  try {
    const files = await Promise.all(paths.map((path) => untilLines(path, count, t.signal)));
    return { files, logged, status: flow.status };
  } finally {
    await flow.stop();
  }
}

test("the stock example adds the prices of each stock to its file, over two runs", {
  timeout: 30_000,
}, async (t) => {
  const market = await openMarket({ everyMs: 20 });
  t.after(() => market.close());
  const folder = temporaryFolder();
  const paths = ["AAPL", "MSFT"].map((symbol) => join(folder, `${symbol}.csv`));
  const managers = () =>
    ["AAPL", "MSFT"].map((symbol, index) =>
      stock(symbol, { url: market.url, everyMs: 5, path: paths[index] }),
    );
  await collect(t, managers(), paths, 3);
  const { files, logged } = await collect(t, managers(), paths, 6);
  assert.deepEqual(logged, []);
  for (const [header, ...rows] of files) {
    assert.equal(header, "time,price");
    for (const row of rows) assert.match(row, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z,\d+(\.\d+)?$/);
  }
});

test("the stock example is one command: server, flow and files", { timeout: 60_000 }, async (t) => {
  const folder = temporaryFolder();
  const file = fileURLToPath(new URL("../../../examples/stock/stock.flow.js", import.meta.url));
  const running = startCircuit(t, ["flow", "run", file], { folder });
  for (const symbol of ["AAPL", "MSFT"]) {
    const lines = await untilLines(join(folder, `${symbol}.csv`), 2, t.signal);
    assert.equal(lines[0], "time,price");
  }
  running.kill("SIGINT");
  const { code, stderr } = await running.ended();
  assert.equal(code, 0, stderr);
});

test("the stock example restarts one stock alone, whose server has no price", {
  timeout: 30_000,
}, async (t) => {
  const market = await openMarket({ everyMs: 20 });
  t.after(() => market.close());
  const folder = temporaryFolder();
  const path = join(folder, "AAPL.csv");
  const managers = [
    stock("wrong", { url: market.url, everyMs: 5, path: join(folder, "wrong.csv") }),
    stock("AAPL", { url: market.url, everyMs: 5, path }),
  ];
  const { logged, status } = await collect(t, managers, [path], 6);
  assert.match(logged.join("\n"), /^stock\/wrong: quotes: .*status 404; trying again in 1000 ms/);
  assert.deepEqual(
    status.map(({ state }) => state),
    ["running", "running"],
  );
});
