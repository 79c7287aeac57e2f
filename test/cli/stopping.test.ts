import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { PIN_MODE } from "../../src/firmata/protocol.js";
import { temporaryFolder } from "../temporary-folder.js";
import { circuit, startCircuit } from "./cli.js";
import { firmataDevice, skipWithoutSocat, tcpDevice, ttyDevice } from "./devices.js";

const FOR_EVER = ["-t", "0", "-d", "0", "--bit-ms", "20", "--tone-ms", "60000"];

describe("circuit run, stopped", { concurrency: 3 }, () => {
  for (const [signal, exitCode] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    test(`by ${signal} while it runs: outputs low, piezo silent, ${exitCode}`, async (context) => {
      const { mock, device } = firmataDevice();
      const { port } = await tcpDevice(context, device);
      const board = `tcp://127.0.0.1:${port}`;
      const running = startCircuit(context, ["run", "--board", board, "--chance", "0", ...FOR_EVER]);
      await running.said(/< acknowledged/);
      assert.deepEqual(mock.pin(8), { mode: PIN_MODE.tone, value: 440 });
      running.kill(signal);
      const { code, stdout, stderr } = await running.ended();
      assert.equal(code, exitCode);
      assert.match(stdout, /^\d+ ticks?, \d+ acks?, \d+ confirmed writes?$/m);
      assert.doesNotMatch(stderr, /circuit:|^\s+at /m);
      assert.deepEqual([mock.pin(13).value, mock.pin(8).value], [0, 0]);
    });
  }

  test("by Ctrl-C while it connects: at once", { skip: skipWithoutSocat }, async (context) => {
    const { path } = await ttyDevice(context, () => {});
    const running = startCircuit(context, ["run", "--board", path]);
    await running.said(/waiting for an answer/);
    const pressedMs = performance.now();
    running.kill("SIGINT");
    const { code, stdout } = await running.ended();
    assert.equal(code, 130);
    assert.equal(stdout, "");
    assert.ok(performance.now() - pressedMs < 2_000);
  });

  test("by a second Ctrl-C while it stops: at once", async (context) => {
    const { mock, device } = firmataDevice();
    const stopping = new EventEmitter();
    const { port } = await tcpDevice(context, (socket) => {
      device(socket);
      socket.on("data", (bytes) => stopping.emit("bytes", bytes));
    });
    const args = ["--board", `tcp://127.0.0.1:${port}`, "--chance", "0", "--bit-ms", "0", "-d", "60"];
    const running = startCircuit(context, ["run", ...args]);
    await running.said(/< acknowledged/);
    // Hung, the board holds the stop up for a second; that something reaches it says that the stop has begun.
    mock.hang();
    const begun = once(stopping, "bytes");
    running.kill("SIGINT");
    await begun;
    const pressedMs = performance.now();
    running.kill("SIGINT");
    const { code } = await running.ended();
    assert.equal(code, 130);
    assert.ok(performance.now() - pressedMs < 500);
  });

  test("by Ctrl-C when its board hangs: after a second, and says so", async (context) => {
    const { mock, device } = firmataDevice();
    const { port } = await tcpDevice(context, device);
    const running = startCircuit(context, ["run", "--board", `tcp://127.0.0.1:${port}`, "--chance", "0"]);
    await running.said(/< acknowledged/);
    mock.hang();
    running.kill("SIGINT");
    const { code, stderr } = await running.ended();
    assert.equal(code, 130);
    assert.match(stderr, /the board did not answer within 1000 ms/);
  });

  test("by Ctrl-C when nothing makes it wait", async (context) => {
    const running = startCircuit(context, ["run", "--board", "mock", "-t", "0", "-d", "0", "--bit-ms", "0"]);
    await running.said(/< acknowledged/);
    running.kill("SIGINT");
    assert.equal((await running.ended()).code, 130);
  });

  test("by Ctrl-C when its only sketch waits for messages, on a board that is none", async (context) => {
    const folder = temporaryFolder();
    const nodes = { buzzer: { sketch: "buzzer" } };
    writeFileSync(join(folder, "quiet.json"), JSON.stringify({ boards: { desk: "mock" }, nodes }));
    const running = startCircuit(context, ["run", "quiet.json"], { folder });
    await running.said(/ready in/);
    // That it does not end by itself: a turn of another process later it still takes the signal.
    await circuit(context, ["--version"]);
    running.kill("SIGINT");
    assert.equal((await running.ended()).code, 130);
  });

  for (const [where, thrower] of [
    ["a timer", 'setImmediate(() => { throw new Error("a loose wire"); })'],
    ["a promise", 'Promise.reject(new Error("a loose wire"))'],
  ] as const) {
    test(`by a mistake in ${where} of a sketch: outputs low, 1, and its trace`, async (context) => {
      const { mock, device } = firmataDevice();
      const { port } = await tcpDevice(context, device);
      const folder = temporaryFolder();
      const config = `
        import { five, Sketch } from "circuit-five";
        class Loose extends Sketch {
          setup({ board }) { new five.Led({ pin: 13, board }).on(); }
          async run() { await this.confirm(); ${thrower}; await new Promise(() => {}); }
        }
        export default {
          boards: { desk: "tcp://127.0.0.1:${port}" }, nodes: { loose: { sketch: Loose } }
        };`;
      writeFileSync(join(folder, "loose.mjs"), config);
      const { code, stdout, stderr } = await circuit(context, ["run", "loose.mjs"], { folder });
      assert.equal(code, 1);
      assert.match(stderr, /^circuit: Error: a loose wire\n +at /m);
      assert.match(stdout, /confirmed write/);
      assert.deepEqual(
        mock.edges.map(({ pin, level }) => [pin, level]),
        [
          [13, 1],
          [13, 0],
        ],
      );
    });
  }

  test("by Ctrl-C on the emulated Uno", async (context) => {
    const running = startCircuit(context, ["run", "-t", "0"]);
    await running.said(/toggling/);
    running.kill("SIGINT");
    const { code, stderr } = await running.ended();
    assert.equal(code, 130);
    assert.doesNotMatch(stderr, /circuit:/);
  });

  test("by its reader, which goes away: without a word", async (context) => {
    for (const args of [[], ["--json"]]) {
      const running = startCircuit(context, ["run", "--board", "mock", "-t", "0", "-d", "0.01", ...args]);
      await running.said(/acknowledged/);
      running.closeStdout();
      const { stderr } = await running.ended();
      assert.doesNotMatch(stderr, /EPIPE|^\s+at /m);
    }
  });
});
