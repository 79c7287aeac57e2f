import assert from "node:assert/strict";
import { test } from "node:test";
import { CIRCUIT_UNO_HEX } from "../native/native.js";
import { startSimavr } from "../native/simavr.js";
import { SIMAVR_TOOLS, skipWithout } from "../native/tools.js";
import { circuit } from "./cli.js";
import { babbler, skipWithoutSocat, ttyDevice } from "./devices.js";

test("circuit doctor finds nothing wrong with a board behind a tty", {
  skip: skipWithout(...SIMAVR_TOOLS),
  timeout: 30_000,
}, async (context) => {
  const chip = await startSimavr({ firmware: CIRCUIT_UNO_HEX });
  context.after(() => chip.stop());
  const { code, stdout, stderr } = await circuit(context, ["doctor", "--board", chip.path, "--json"]);
  assert.equal(code, 0, stderr + stdout);
  const found = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const checks = [
    "node",
    "udev",
    "services",
    "port",
    "access",
    "holder",
    "answer",
    "firmware",
    "pins",
    "speed",
    "round trip",
  ];
  assert.deepEqual(
    found.map(({ check }) => check),
    checks,
  );
  assert.match(found.find(({ check }) => check === "firmware").text, /^CircuitFirmata\.ino 1\.1$/);
  assert.match(found.find(({ check }) => check === "speed").text, /^1000000 baud, agreed on/);
  assert.match(
    found.find(({ check }) => check === "round trip").text,
    /^\d+\.\d ms, the median of 21: 0\.1 on the wire, \d+\.\d in USB chip and host$/,
  );
});

test("circuit doctor says that a board which babbles does not answer, and exits with 69", {
  skip: skipWithoutSocat,
  timeout: 30_000,
}, async (context) => {
  const { path } = await ttyDevice(context, babbler("Temperature: 21.5\r\n"));
  const { code, stdout } = await circuit(context, ["doctor", "--board", path]);
  assert.equal(code, 69);
  assert.match(
    stdout,
    /^error {4}answer: Cannot talk to the board on \S+: it says .*, which is not Firmata$/m,
  );
  assert.match(stdout, /^ {9}Flash StandardFirmata/m);
});

test("circuit doctor exits with 69 where there is no such port, and with 2 for what is none", async (context) => {
  const missing = await circuit(context, ["doctor", "--board", "/dev/not-there"]);
  assert.equal(missing.code, 69);
  assert.match(missing.stdout, /^error {4}port: \/dev\/not-there is not there$/m);
  assert.equal((await circuit(context, ["doctor", "--board", ""])).code, 2);
});
