import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { MockBoard } from "../../src/board/link/mock.js";
import { five } from "../../src/board/session/piezo.js";
import { openSession } from "../../src/board/session/session.js";
import type { Entry } from "../../src/record/entry.js";
import { Tape } from "../record/taped-link.js";
import { written } from "../record/written.js";
import { circuit, startCircuit } from "./cli.js";

const SHOWN: readonly Entry[] = [
  { kind: "board", atMs: 0, board: "lamp", what: "opened", address: "sim:uno", baud: 57_600 },
  { kind: "to-board", atMs: 10, board: "lamp", bytes: Uint8Array.of(0xf4, 13, 1, 0x91, 0x20, 0) },
  { kind: "edge", atMs: 10.5, board: "lamp", pin: 13, level: 1 },
  {
    kind: "to-board",
    atMs: 20,
    board: "lamp",
    bytes: Uint8Array.of(0xf0, 2, 8, 0x60, 0x57, 2, 0x64, 0, 0, 0xf7),
  },
  {
    kind: "message",
    atMs: 1_000,
    id: 1,
    from: "clock",
    node: "iopin",
    channel: "bits",
    payload: "1\u001b[2J",
  },
  { kind: "ack", atMs: 1_030, id: 1, payload: "acknowledged", isFailure: false },
  { kind: "event", what: "published", atMs: 61_000, subject: "door.open", payload: { by: "ada" } },
  { kind: "frame", atMs: 61_010, direction: "in", peer: "iopin", bytes: Buffer.from("1") },
  { kind: "told", atMs: 61_020, text: '{"type":"out","node":"iopin","text":"toggled"}' },
  { kind: "edge", atMs: 62_000, board: "lamp", pin: 12, level: 0 },
];

const LINES = [
  "00:00.000  lamp: opened sim:uno at 57600 baud",
  "00:00.011  lamp: pin 13 high",
  "00:00.020  lamp: tone of 440 Hz on pin 8 for 100 ms",
  "00:01.000  message 1 from clock to iopin/bits: 1\\u{1b}[2J",
  "00:01.030  message 1 to iopin is acknowledged: acknowledged",
  '00:61.000  event door.open: {"by":"ada"}',
].map((line) => line.replace("00:61", "01:01"));

const TABLE: readonly (readonly [args: readonly string[], lines: readonly string[]])[] = [
  [[], [...LINES, "01:01.020  [ iopin ] toggled", "01:02.000  lamp: pin 12 low"]],
  [
    ["--only", "edges"],
    ["00:00.011  lamp: pin 13 high", "01:02.000  lamp: pin 12 low"],
  ],
  [["--only", "edges,12"], ["01:02.000  lamp: pin 12 low"]],
  [
    ["--only", "writes"],
    ["00:00.010  lamp: pin 13 to OUTPUT", "00:00.010  lamp: pin 13 high"],
  ],
  [["--only", "iopin", "--from", "01:00"], ["01:01.020  [ iopin ] toggled"]],
  [["--only", "frames"], ["01:01.010  frame from iopin: 1"]],
  [
    ["--only", "door.open", "--json"],
    ['{"atMs":61000,"kind":"events","names":["door.open"],"words":"event door.open: {\\"by\\":\\"ada\\"}"}'],
  ],
  [["--quiet"], ["01:02.000, 1 boards, 2 edges, 1 tones, 1 messages, 1 acks, 1 events, 1 lines"]],
];

for (const [args, lines] of TABLE) {
  test(`circuit replay ${args.join(" ")} prints what happened`, async (t) => {
    const { code, stdout, stderr } = await circuit(t, [
      "replay",
      await written(SHOWN),
      "--speed",
      "max",
      ...args,
    ]);
    assert.equal(stderr, "");
    assert.deepEqual(stdout.trimEnd().split("\n"), lines);
    assert.equal(code, 0);
  });
}

const REFUSED: readonly (readonly [args: readonly string[], code: number, said: RegExp])[] = [
  [["--speed", "0"], 2, /a number above 0, or max/],
  [["--from", "1:99"], 2, /milliseconds, or mm:ss/],
];

for (const [args, code, said] of REFUSED) {
  test(`circuit replay refuses ${args.join(" ")}`, async (t) => {
    const ended = await circuit(t, ["replay", await written(SHOWN), ...args]);
    assert.equal(ended.code, code);
    assert.match(ended.stderr, said);
  });
}

test("circuit replay keeps the pace, and Ctrl-C ends it", async (t) => {
  const running = startCircuit(t, ["replay", await written(SHOWN), "--speed", "4"]);
  await running.said(/acknowledged$/);
  running.kill("SIGINT");
  const { code, durationMs, stdout } = await running.ended();
  assert.equal(code, 130);
  assert.ok(durationMs >= 250);
  assert.doesNotMatch(stdout, /door/);
});

test("circuit replay plays a recording that was cut off to there, and says so", async (t) => {
  const path = await written(SHOWN);
  const { length } = await readFile(path);
  await truncate(path, length / 2);
  const { code, stderr } = await circuit(t, ["replay", path, "--speed", "max"]);
  assert.equal(code, 0);
  assert.match(stderr, /^The recording was cut off \d\d:\d\d\.\d{3} after its beginning\.$/m);
});

/** A circuit in a folder that puts pin 12 high after so many milliseconds. */
async function lampConfig(folder: string, afterMs: number): Promise<string> {
  const path = join(folder, `lamp-${afterMs}.mjs`);
  const index = new URL("../../src/index.js", import.meta.url).href;
  await writeFile(
    path,
    `import { five, Sketch } from ${JSON.stringify(index)};
     class Lamp extends Sketch {
       setup({ board }) {
         const pin = new five.Pin({ pin: 12, board });
         setTimeout(() => pin.high(), ${afterMs});
       }
     }
     export default { nodes: { lamp: { sketch: Lamp } } };`,
  );
  return path;
}

/** A recording of a lamp that goes on after 300 ms, and is left alone then for longer. */
async function lampRecording(): Promise<string> {
  const tape = new Tape();
  const session = await openSession({ link: tape.of(new MockBoard()) });
  const pin = new five.Pin({ pin: 12, board: session.board });
  await new Promise((resolve) => setTimeout(resolve, 300));
  pin.high();
  await session.board.confirm();
  await new Promise((resolve) => setTimeout(resolve, 700));
  await session.close();
  return written(tape.entries);
}

test("circuit run --board replay: ends with the recording, and fails where the output differed", async (t) => {
  const path = await lampRecording();
  const folder = dirname(path);
  const same = await circuit(t, ["run", await lampConfig(folder, 300), "--board", `replay:${path}`]);
  assert.equal(same.code, 0, same.stderr);
  assert.match(same.stderr, /^the recording replay:\S+ is over$/m);
  const other = await circuit(t, [
    "run",
    await lampConfig(folder, 900),
    "--board",
    `replay:${path}?board=board`,
  ]);
  assert.equal(other.code, 1);
  assert.match(other.stderr, /the output first differs 0\.\d{3} s after the opening, on pin 12$/m);
  assert.match(other.stderr, /^ {2}then: pin 12 high at 0\.\d{3} s$/m);
  assert.match(other.stderr, /^circuit: Cannot say that replay:\S+ was replayed as it was/m);
});

test("circuit run refuses a recording that is none", async (t) => {
  const path = join(dirname(await written([])), "no.circuit");
  await writeFile(path, "no recording");
  for (const [address, code] of [
    [`replay:${path}`, 74],
    ["replay:", 2],
    [`replay:${path}?baud=9600`, 2],
  ] as const)
    assert.equal((await circuit(t, ["run", "--board", address])).code, code, address);
});

test("circuit record --shrink finds the shortest recording on which a test fails", async (t) => {
  const path = await written(SHOWN);
  const folder = dirname(path);
  const found = join(folder, "test.mjs");
  const recording = new URL("../../src/record/recording.js", import.meta.url).href;
  await writeFile(
    found,
    `import { openRecording } from ${JSON.stringify(recording)};
     const recording = await openRecording(process.env.CIRCUIT_RECORDING);
     for await (const entry of recording.entries()) if (entry.kind === "event") process.exit(1);`,
  );
  const args = ["record", path, "--shrink", "--", process.execPath, found];
  const { code, stdout, stderr } = await circuit(t, args);
  assert.equal(code, 0, stderr);
  const shrunk = join(folder, "trip.shrunk.circuit");
  assert.match(stdout, /trip\.shrunk\.circuit: \d+\.\d{3} s of 62\.000 s, 2 of 10 entries$/m);
  const shown = await circuit(t, ["replay", shrunk, "--speed", "max"]);
  assert.match(shown.stdout, /opened[\s\S]*door\.open/);

  const passing = await circuit(t, ["record", path, "--shrink", "--", process.execPath, "--eval", "0"]);
  assert.equal(passing.code, 2);
  assert.match(passing.stderr, /the test does not fail on it/);
  for (const wrong of [
    ["record", path],
    ["record", path, "--shrink"],
    ["record", path, "--shrink", "--", "/no/such/program"],
  ])
    assert.equal((await circuit(t, wrong)).code, 2, wrong.join(" "));
  assert.ok(existsSync(shrunk));
});
