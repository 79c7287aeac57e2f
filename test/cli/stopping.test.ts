import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { describe, test } from "node:test";
import { PIN_MODE } from "../../src/firmata/protocol.js";
import { startCircuit } from "./cli.js";
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
      assert.match(stdout, /^\d+ ticks?, \d+ acks?, \d+ confirmed writes$/m);
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
