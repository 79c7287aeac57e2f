import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { CIRCUIT_UNO_HEX } from "../native/native.js";
import { startSimavr } from "../native/simavr.js";
import { SIMAVR_TOOLS, skipWithout } from "../native/tools.js";
import { temporaryFolder } from "../temporary-folder.js";
import { circuit, startCircuit } from "./cli.js";

/** A folder with a script in it. */
function withScript(name: string, text: string) {
  const folder = temporaryFolder();
  writeFileSync(join(folder, name), text);
  return { folder };
}

/** Runs a script on an emulated Uno, or wherever `args` say. */
function exec(context: TestContext, name: string, text: string, ...args: readonly string[]) {
  return circuit(context, ["exec", name, ...args], withScript(name, text));
}

test("circuit exec gives a CommonJS script its board, its arguments and its own exit code", async (context) => {
  const script = `
    const five = require("johnny-five");
    const { Led } = five;
    const board = new five.Board({ repl: true, port: "/dev/ttyUSB9" });
    board.on("ready", function () {
      new Led(13).on();
      this.repl.inject({ board });
      console.log(this === board, board instanceof five.Board, board.isReady, process.argv.slice(2).join());
      board.on("exit", () => console.log("exit"));
      process.exit(3);
    });`;
  const { code, stdout, stderr } = await exec(context, "a.js", script, "--fast", "-b", "9");
  assert.equal(code, 3, stderr);
  assert.equal(stdout, "true true true --fast,-b,9\nexit\n");
  assert.match(stderr, /^sim:uno: CircuitFirmata\.ino 1\.1, ready in \d+ ms$/m);
});

test("circuit exec gives a module its board, by its default and by its names", async (context) => {
  const script = `
    import five, { Board, Piezo } from "johnny-five";
    const board = new Board();
    await new Promise((resolve) => board.on("ready", resolve));
    new Piezo(8).frequency(440, 10);
    await board.confirm();
    console.log(five.Piezo === Piezo);
    process.exit();`;
  const { code, stdout, stderr } = await exec(context, "a.mjs", script);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "true\n");
});

test("circuit exec respects an io that a script brings", async (context) => {
  const script = `
    const { EventEmitter } = require("node:events");
    const five = require("johnny-five");
    const io = Object.assign(new EventEmitter(), { name: "Mine", isReady: true, MODES: {}, pins: [], analogPins: [] });
    const board = new five.Board({ io, repl: false, debug: false });
    console.log(board.io === io);
    process.exit();`;
  const { stdout, stderr } = await exec(context, "a.cjs", script);
  assert.equal(stdout, "true\n", stderr);
});

test("circuit exec leaves outputs low when it is interrupted, on a board behind a tty", {
  skip: skipWithout(...SIMAVR_TOOLS),
  timeout: 30_000,
}, async (context) => {
  const chip = await startSimavr({ firmware: CIRCUIT_UNO_HEX });
  context.after(() => chip.stop());
  const script = `
    const five = require("johnny-five");
    new five.Board().on("ready", () => {
      new five.Led(12).on();
      new five.Led(13).blink(50);
    });`;
  const running = startCircuit(context, ["exec", "--board", chip.path, "a.js"], withScript("a.js", script));
  const levels = (pin: number) => chip.edges.filter((edge) => edge.pin === pin).map(({ level }) => level);
  await chip.until("four edges of a blinking pin", () => (levels(13).length >= 4 ? true : undefined), 10_000);
  running.kill("SIGINT");
  assert.equal((await running.ended()).code, 130);
  assert.deepEqual(levels(12), [1, 0]);
  assert.equal(levels(13).at(-1), 0);
});

test("circuit exec --repl takes commands that know what the script has injected", async (context) => {
  const script = `
    const five = require("johnny-five");
    const board = new five.Board();
    board.on("ready", () => board.repl.inject({ answer: 42 }));`;
  const { folder } = withScript("a.js", script);
  const input = "typeof five.Led + answer + board.pins.length\n";
  const { code, stdout, stderr } = await circuit(context, ["exec", "--repl", "a.js"], { folder, input });
  assert.equal(code, 130, stderr);
  assert.match(stdout, /'function4220'/);
});

const FAILING: readonly (readonly [what: string, script: string, code: number, words: RegExp])[] = [
  ["throws while it is loaded", `throw new Error("at once")`, 1, /at once/],
  [
    "throws when the board is ready",
    `const five = require("johnny-five"); new five.Board().on("ready", () => { throw new Error("too late"); });`,
    1,
    /too late/,
  ],
  ["needs what is not there", `require("johnny-six")`, 1, /johnny-six/],
];
for (const [what, script, code, words] of FAILING) {
  test(`circuit exec ends with a script that ${what}`, async (context) => {
    const ended = await exec(context, "a.js", script);
    assert.equal(ended.code, code, ended.stdout);
    assert.match(ended.stderr, words);
  });
}

test("circuit exec refuses a script that is not there, and a board that is none", async (context) => {
  const missing = await circuit(context, ["exec", "b.js"]);
  assert.equal(missing.code, 74);
  assert.match(missing.stderr, /^circuit: Cannot run b\.js: there is no such file$/m);
  const noBoard = await circuit(context, ["exec", "--board", "serial:", "a.js"], withScript("a.js", ""));
  assert.equal(noBoard.code, 2);
  assert.match(noBoard.stderr, /it is not serial:NUMBER/);
});

test("circuit exec refuses a folder, and a script that wants several boards, and says what to do", async (context) => {
  const { folder } = withScript("a.js", 'const five = require("johnny-five"); new five.Boards(["A", "B"]);');
  const ofFolder = await circuit(context, ["exec", "."], { folder });
  assert.equal(ofFolder.code, 74);
  assert.match(ofFolder.stderr, /^circuit: Cannot run \.: it is no file$/m);
  const ofBoards = await circuit(context, ["exec", "--board", "mock", "a.js"], { folder });
  assert.equal(ofBoards.code, 2);
  assert.match(ofBoards.stderr, /^circuit: Cannot give the script 2 boards: it has one\n {2}Run a script/m);
});
