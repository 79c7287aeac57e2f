import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { temporaryFolder } from "../temporary-folder.js";
import { circuit, startCircuit } from "./cli.js";

const RANGES: readonly (readonly [string, string, RegExp])[] = [
  ["--ticks", "x", /whole number from 0 to 1000000000/],
  ["-t", "-1", /--ticks -1: it must be a whole number from 0/],
  ["--tacks", "1.5", /--tacks 1\.5: it must be a whole number from 0/],
  ["--delay", "-1", /number from 0 to 86400/],
  ["--chance", "2", /number from 0 to 1$/],
  ["--sequence", "0", /whole number from 1 to 1000$/],
  ["--bit-ms", "long", /number from 0 to 60000$/],
  ["--pin", "128", /whole number from 0 to 127$/],
  ["--piezo", "", /whole number from 0 to 127$/],
  ["--tone", "5001", /number from 31 to 5000$/],
  ["--tone-ms", "0", /whole number from 1 to 60000$/],
  ["--seed", "-1", /whole number from 0 to 4294967295$/],
  ["--timeout", "0", /number from 0\.001 to 86400$/],
];

/** Arguments, what is said first, what is advised, and the exit code. */
const REFUSED: readonly (readonly [string, readonly string[], RegExp, RegExp, number])[] = [
  ...RANGES.map(
    ([flag, value, message]) => [`${flag} "${value}"`, ["run", flag, value], message, /--help/, 2] as const,
  ),
  ["an unknown option", ["run", "--bord", "mock"], /unknown option '--bord'/, /circuit run --help/, 2],
  ["an unknown option of none", ["--bord"], /unknown option '--bord'/, /circuit --help/, 2],
  [
    "an option without its value",
    ["clock", "--delay"],
    /'-d, --delay <seconds>' argument missing/,
    /circuit clock --help/,
    2,
  ],
  ["too many arguments", ["run", "a", "b"], /Expected 1 argument but got 2/, /circuit run --help/, 2],
  ["an unknown sketch", ["buzer"], /run "buzer": there is no such sketch/, /clock, iopin, buzzer/, 1],
  [
    "an unknown sketch with options",
    ["buzer", "-p", "8766"],
    /"buzer": there is no such sketch/,
    /clock, iopin, buzzer/,
    1,
  ],
  [
    "a port that is none",
    ["buzzer", "-p", "65536"],
    /whole number from 0 to 65535/,
    /let the system choose/,
    2,
  ],
  ["a peer that is none", ["clock", "--peer", "iopin"], /--peer iopin: it is not NAME=URL/, /buzzer=ws:/, 2],
  [
    "a peer's address that is none",
    ["clock", "--peer", "iopin=http://x"],
    /grid\.iopin: must be an address such as/,
    /Mend/,
    78,
  ],
  [
    "a host beyond loopback",
    ["buzzer", "-s", "192.0.2.1", "--board", "mock"],
    /other machines would reach it, and there are no credentials$/,
    /localhost/,
    78,
  ],
  [
    "an unknown kind of board",
    ["run", "--board", "usb:1"],
    /"usb" is no kind of board/,
    /sim:uno, mock or replay:FILE/,
    2,
  ],
  ["an empty board", ["run", "--board", ""], /it is empty/, /sim:uno, mock or replay:FILE/, 2],
  [
    "an unknown emulated board",
    ["run", "--board", "sim:mega"],
    /no emulated "mega", only sim:uno/,
    /sim:uno/,
    2,
  ],
  [
    "an unknown setting of a board",
    ["run", "--board", "mock?fast=1"],
    /no setting "fast", only firmware/,
    /sim:uno/,
    2,
  ],
  [
    "a baud rate that is none",
    ["run", "--board", "/dev/ttyACM0?baud=fast"],
    /baud is fast/,
    /\/dev\/ttyACM0/,
    2,
  ],
  [
    "a setting of a board that is not percent-encoded",
    ["run", "--board", "sim:uno?firmware=50%.hex"],
    /"50%\.hex" is not percent-encoded/,
    /sim:uno/,
    2,
  ],
  [
    "a TCP board without a port",
    ["run", "--board", "tcp://127.0.0.1:http"],
    /it is not tcp:\/\/HOST:PORT/,
    /tcp:/,
    2,
  ],
  [
    "a missing firmware",
    ["run", "--board", "sim:uno?firmware=no.hex"],
    /firmware no\.hex: there is no such file$/,
    /\.hex file/,
    74,
  ],
  [
    "a firmware that is none",
    ["run", "--board", "sim:uno?firmware=other"],
    /other, line 1: .* begins with a colon/,
    /Build the firmware/,
    78,
  ],
  [
    "a missing wiring",
    ["run", "--wiring", "no.json"],
    /wiring no\.json: there is no such file$/,
    /Wokwi/,
    74,
  ],
  ["a wiring that is a folder", ["run", "--wiring", "."], /wiring \.: it is a folder$/, /Wokwi/, 74],
  ["a wiring that is none", ["run", "--wiring", "other"], /wiring other: /, /Wokwi/, 78],
  [
    "a pin that is not wired",
    ["run", "--pin", "9"],
    /set up iopin: cannot use pin 9: the wiring .* has nothing there/,
    /Choose a pin/,
    78,
  ],
  [
    "a missing drawing",
    ["wiring", "draw", "no.json"],
    /wiring no\.json: there is no such file$/,
    /Wokwi/,
    74,
  ],
  [
    "a drawing's place that is none",
    ["wiring", "draw", "-o", "no/such/folder.svg"],
    /write no\/such\/folder\.svg: there is no such file/,
    /may write/,
    74,
  ],
  ["a missing configuration", ["run", "no.ts"], /load no\.ts: there is no such file$/, /Give the path/, 78],
];

describe("circuit refuses", { concurrency: 2 }, () => {
  for (const [what, args, message, hint, exitCode] of REFUSED) {
    test(what, async (context) => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, "other"), "This is another file.\n");
      const { code, stdout, stderr } = await circuit(context, args, { folder });
      const said = stderr.split("\n").filter((line) => !/ready in \d+ ms$/.test(line));
      assert.match(said[0] ?? "", /^circuit: Cannot /);
      assert.match(stderr, new RegExp(message.source, "m"));
      assert.match(stderr.trimEnd().split("\n").at(-1) ?? "", hint);
      assert.equal(code, exitCode);
      assert.equal(stdout, "");
    });
  }

  test("a port that another process listens on", async (context) => {
    const first = startCircuit(context, ["buzzer", "-p", "0", "--board", "mock"]);
    const [, port = ""] = await first.said(/buzzer listens on ws:\/\/127\.0\.0\.1:(\d+)/);
    const { code, stderr } = await circuit(context, ["buzzer", "-p", port, "--board", "mock"]);
    assert.match(
      stderr,
      new RegExp(`port ${port}: another process listens there\n {2}Stop it, or choose another`),
    );
    assert.equal(code, 75);
  });

  test("a peer that is not there, after its patience, said once meanwhile", async (context) => {
    const { code, stderr } = await circuit(context, ["clock", "-p", "1", "--timeout", "0.5"]);
    assert.match(stderr, /^Cannot reach iopin at ws:\/\/localhost:1: nobody listens there; trying again$/m);
    assert.equal(stderr.match(/trying again/g)?.length, 1);
    assert.match(stderr, /^circuit: Cannot /m);
    assert.equal(code, 69);
  });
});

describe("circuit takes", { concurrency: 2 }, () => {
  test("its settings from the environment, and flags before them", async (context) => {
    const env = { CIRCUIT_BOARD: "mock", CIRCUIT_TICKS: "7", CIRCUIT_DELAY: "0", CIRCUIT_BIT_MS: "0" };
    const { stdout } = await circuit(context, ["run", "--ticks", "2", "--quiet"], { env });
    assert.match(stdout, /^2 ticks, 2 acks, 6 confirmed writes\n/);
    const both = await circuit(context, ["run", "--tacks", "1", "--quiet"], {
      env: { ...env, CIRCUIT_TACKS: "3" },
    });
    assert.match(both.stdout, /^1 tick,/, "the other name of --ticks has no variable");
  });

  test("a seed, and draws the same bits", async (context) => {
    const args = ["run", "--board", "mock", "--seed", "5", "-d", "0", "--bit-ms", "0"];
    const bits = (text: string) => text.match(/toggling.*/g);
    const [first, second] = await Promise.all([circuit(context, args), circuit(context, args)]);
    assert.equal(bits(first.stdout)?.length, 5);
    assert.deepEqual(bits(first.stdout), bits(second.stdout));
  });

  test("no arguments, and prints its help", async (context) => {
    const [bare, asked] = await Promise.all([circuit(context, []), circuit(context, ["--help"])]);
    assert.equal(bare.code, 0);
    assert.match(bare.stdout, /^Usage: circuit <command>/);
    assert.equal(bare.stdout, asked.stdout);
  });

  test("boards, where udev is missing too", async (context) => {
    for (const env of [{}, { PATH: "/nonexistent" }]) {
      const table = await circuit(context, ["boards"], { env });
      assert.equal(table.code, 0, table.stderr);
      assert.match(table.stdout, /^(No serial ports|PORT +BOARD\?)/);
      const json = await circuit(context, ["boards", "--json"], { env });
      assert.equal(json.code, 0);
      for (const line of json.stdout.split("\n").filter(Boolean)) assert.ok("path" in JSON.parse(line));
    }
  });
});
