import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { MockBoard } from "../../src/board/link/mock.js";
import { openSession } from "../../src/board/session/session.js";
import { checkBoard } from "../../src/circuit/doctor/board.js";
import { examine } from "../../src/circuit/doctor/doctor.js";
import type { Finding } from "../../src/circuit/doctor/finding.js";
import { checkMeddlers, checkNode, checkUdev } from "../../src/circuit/doctor/host.js";
import { Machine } from "../../src/circuit/doctor/machine.js";
import { checkPort } from "../../src/circuit/doctor/port.js";
import { systemClock } from "../../src/core/clock.js";
import { ManualClock } from "../../src/core/manual-clock.js";
import { readWiring } from "../../src/wiring/read.js";
import { turns } from "../contract/waiting.js";
import { temporaryFolder } from "../temporary-folder.js";

/** A system's files, with processes by their numbers: their names, and what they have open. */
function machineWith(processes: Readonly<Record<number, readonly [name: string, ...open: string[]]>>) {
  const root = temporaryFolder();
  for (const [pid, [name, ...open]] of Object.entries(processes)) {
    mkdirSync(join(root, "proc", pid, "fd"), { recursive: true });
    writeFileSync(join(root, "proc", pid, "comm"), `${name}\n`);
    for (const [fd, path] of open.entries()) symlinkSync(path, join(root, "proc", pid, "fd", `${fd}`));
  }
  return new Machine(root);
}

async function all(findings: AsyncIterable<Finding>): Promise<Finding[]> {
  const found: Finding[] = [];
  for await (const finding of findings) found.push(finding);
  return found;
}

const states = (findings: readonly Finding[]) => findings.map(({ check, state }) => [check, state]);

const VERSIONS = { "v20.19.0": "ok", "v24.1.0": "ok", "v20.18.3": "error", "v18.20.0": "error" } as const;
for (const [version, state] of Object.entries(VERSIONS))
  test(`checkNode() finds ${version} ${state}`, () => assert.equal(checkNode(version).state, state));

test("checkUdev() asks for udev on Linux only", () => {
  assert.equal(checkUdev("linux", true)?.state, "ok");
  assert.equal(checkUdev("linux", false)?.state, "warning");
  assert.equal(checkUdev("darwin", false), undefined);
});

test("checkMeddlers() names the services that open ports, and what stops them", async () => {
  assert.equal((await checkMeddlers(machineWith({ 1: ["init"] }))).state, "ok");
  const finding = await checkMeddlers(machineWith({ 1: ["init"], 77: ["ModemManager"], 80: ["brltty"] }));
  assert.equal(finding.state, "warning");
  assert.match(finding.text, /ModemManager \(77\) and brltty \(80\)/);
  assert.match(finding.mend ?? "", /systemctl disable --now ModemManager; sudo apt-get remove brltty/);
});

test("checkPort() names who has a port open, also by another name of it", async () => {
  const port = join(temporaryFolder(), "tty");
  writeFileSync(port, "");
  const link = join(temporaryFolder(), "by-id");
  symlinkSync(port, link);
  const found = await all(checkPort(link, machineWith({ 4242: ["minicom", "/dev/null", port] })));
  assert.deepEqual(states(found), [
    ["port", "ok"],
    ["access", "ok"],
    ["holder", "warning"],
  ]);
  assert.match(found[2]?.text ?? "", /minicom \(4242\) has it open/);
  assert.match(found[2]?.mend ?? "", /kill 4242/);
});

test("checkPort() ends at a port that is not there", async () => {
  const found = await all(checkPort("/dev/not-there", machineWith({})));
  assert.deepEqual(states(found), [["port", "error"]]);
  assert.equal(found[0]?.isUnreachable, true);
});

/** A diagram with an Uno and a part, one of whose pins is wired. */
function wiringOf(type: string, terminal: string, pin: string) {
  const parts = [
    { type: "wokwi-arduino-uno", id: "uno", top: 0, left: 0 },
    { type, id: "part1", top: 0, left: 0 },
  ];
  const connections = [[`part1:${terminal}`, `uno:${pin}`, "green", []]];
  return readWiring(JSON.stringify({ version: 1, parts, connections }), "test.json");
}

const WIRINGS = [
  ["wokwi-led", "A", "13", undefined],
  ["wokwi-potentiometer", "SIG", "A1", undefined],
  ["wokwi-potentiometer", "SIG", "7", /part1 is on pin 7, which is no analog pin/],
  ["wokwi-led", "A", "1", /part1 is on pin 1, which the board does not offer/],
] as const;
for (const [type, terminal, pin, problem] of WIRINGS) {
  test(`checkBoard() ${problem ? "refuses" : "accepts"} a ${type} on pin ${pin}`, async (context) => {
    const session = await openSession({ link: new MockBoard() });
    context.after(() => session.close());
    const wiring = wiringOf(type, terminal, pin);
    const found = await all(checkBoard(session, { clock: systemClock, wiring, readyMs: 12 }));
    assert.deepEqual(
      found.slice(0, 4).map(({ check }) => check),
      ["answer", "firmware", "pins", "round trip"],
    );
    const last = found.at(-1);
    assert.equal(last?.state, problem ? "error" : "ok");
    if (problem) assert.match(last?.text ?? "", problem);
  });
}

test("checkBoard() finds a board that hangs after it has described itself, and does not wait for it", async (context) => {
  const link = new MockBoard();
  const session = await openSession({ link });
  context.after(() => session.close());
  link.hang();
  const clock = new ManualClock();
  const finding = all(checkBoard(session, { clock, wiring: undefined, readyMs: 12 }));
  await turns();
  clock.advance(1_000);
  const last = (await finding).at(-1);
  assert.deepEqual([last?.check, last?.state, last?.isUnreachable], ["round trip", "error", true]);
  assert.match(last?.text ?? "", /has not told within 1000 ms/);
});

test("examine() looks at the port of a serial number as at any other", async () => {
  const options = {
    address: "serial:nowhere",
    wiring: undefined,
    clock: systemClock,
    machine: machineWith({}),
  };
  const found = await all(examine({ ...options, signal: new AbortController().signal }));
  const last = found.at(-1);
  assert.deepEqual([last?.check, last?.state, last?.isUnreachable], ["port", "error", true]);
  assert.match(last?.text ?? "", /the serial number nowhere/);
  assert.ok(found.some(({ check }) => check === "services"));
});
