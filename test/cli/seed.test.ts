import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { PYTHON, skipWithoutPythonWebsockets } from "../tools.js";
import { type Ended, printedBits, Running, startCircuit } from "./cli.js";

const SCRIPT = fileURLToPath(new URL("../../../test/cli/seed.py", import.meta.url));
const TICKS = 3;

type Maker = "ours" | "Python's";

const python = (context: TestContext, ...args: string[]) => new Running(context, [PYTHON, SCRIPT, ...args]);

const ours = (context: TestContext, ...args: string[]) => startCircuit(context, args);

/** The port that a node says it listens on. */
async function portOf(node: Running): Promise<string> {
  const [, port = ""] = await node.said(/listens on ws:\/\/127\.0\.0\.1:(\d+)/);
  return port;
}

function startBuzzer(context: TestContext, maker: Maker): Running {
  if (maker === "Python's") return python(context, "buzzer");
  return ours(context, "buzzer", "-p", "0", "--board", "mock");
}

function startIoPin(context: TestContext, maker: Maker, buzzerPort: string): Running {
  const buzzer = `ws://127.0.0.1:${buzzerPort}`;
  if (maker === "Python's") return python(context, "iopin", buzzer);
  return ours(context, "iopin", "-p", "0", "--board", "mock", "--peer", `buzzer=${buzzer}`);
}

function startClock(context: TestContext, maker: Maker, ioPinPort: string): Running {
  if (maker === "Python's") return python(context, "clock", `ws://127.0.0.1:${ioPinPort}`, `${TICKS}`);
  // Python's node listens on 127.0.0.1 alone: localhost must find it too.
  return ours(context, "clock", "-s", "localhost", "-p", ioPinPort, "-t", `${TICKS}`, "-d", "0");
}

/** Ends a node that would serve for ever. */
async function stop(node: Running, maker: Maker): Promise<Ended> {
  node.kill("SIGTERM");
  const ended = await node.ended();
  if (maker === "ours") assert.equal(ended.code, 143, ended.stderr);
  return ended;
}

describe("the cluster of three processes", { concurrency: 2, skip: skipWithoutPythonWebsockets }, () => {
  const makers: readonly Maker[] = ["ours", "Python's"];
  const combinations = makers.flatMap((clock) =>
    makers.flatMap((ioPin) => makers.map((buzzer) => ({ clock, ioPin, buzzer }))),
  );
  for (const { clock, ioPin, buzzer } of combinations) {
    test(`works with ${clock} clock, ${ioPin} iopin, ${buzzer} buzzer`, async (context) => {
      const buzzing = startBuzzer(context, buzzer);
      const toggling = startIoPin(context, ioPin, await portOf(buzzing));
      const ticking = startClock(context, clock, await portOf(toggling));
      const { code, stdout, stderr } = await ticking.ended();
      assert.equal(code, 0, stderr);
      assert.equal(stdout.match(/\[ clock \] < acknowledged/g)?.length, TICKS);
      const toggled = await stop(toggling, ioPin);
      const buzzed = await stop(buzzing, buzzer);
      const bits = printedBits(toggled.stdout);
      assert.equal(bits.length, TICKS * 3);
      const ones = bits.filter((bit) => bit === 1).length;
      assert.equal(buzzed.stdout.match(/\[ buzzer \] buzz buzz buzz/g)?.length ?? 0, ones);
    });
  }

  test("waits for a peer that comes late", async (context) => {
    const buzzing = startBuzzer(context, "ours");
    const toggling = startIoPin(context, "ours", await portOf(buzzing));
    const port = await portOf(toggling);
    await stop(toggling, "ours");
    const ticking = startClock(context, "ours", port);
    await ticking.said(/trying again/);
    const again = ours(
      context,
      "iopin",
      "-p",
      port,
      "--board",
      "mock",
      "--peer",
      `buzzer=ws://localhost:${await portOf(buzzing)}`,
    );
    const { code, stderr } = await ticking.ended();
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^iopin is there \(ws:\/\/localhost:\d+\)$/m);
    assert.equal(printedBits((await stop(again, "ours")).stdout).length, TICKS * 3);
  });

  test("tells the clock that the iopin failed", async (context) => {
    const toggling = startIoPin(context, "Python's", "1");
    const ticking = ours(context, "clock", "-p", await portOf(toggling), "-t", "0");
    const { code, stderr } = await ticking.ended();
    assert.match(stderr, /^circuit: Cannot get an ack from iopin: its handler failed/m);
    assert.equal(code, 1);
  });

  test("tells the clock that another iopin does not know what became of its message", async (context) => {
    const toggle = (port: string) =>
      ours(context, "iopin", "-p", port, "--board", "mock", "--bit-ms", "60000");
    const toggling = toggle("0");
    const port = await portOf(toggling);
    const ticking = ours(context, "clock", "-p", port, "-t", "0");
    await toggling.said(/toggling/);
    toggling.kill("SIGKILL");
    await toggling.ended();
    toggle(port);
    const { code, stderr } = await ticking.ended();
    assert.match(stderr, /^circuit: Cannot get an ack from iopin: it was lost after the message was sent$/m);
    assert.equal(code, 69);
  });
});
