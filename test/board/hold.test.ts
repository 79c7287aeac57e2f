import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { type TestContext, test } from "node:test";
import { serialLink } from "../../src/board/link/serial.js";
import type { BoardSession, StopLevel } from "../../src/board/session/board-session.js";
import { five } from "../../src/board/session/piezo.js";
import { openSession } from "../../src/board/session/session.js";
import { CIRCUIT_UNO_HEX, standardFirmataHex } from "../native/native.js";
import { type Edge, type Simavr, startSimavr } from "../native/simavr.js";
import { FIRMWARE_TOOLS, SIMAVR_TOOLS, skipWithout } from "../native/tools.js";

/** Opens the port as a circuit does that holds these pins. */
async function openHolding({ path }: Simavr, pins: readonly number[], notices: string[] = []) {
  return openSession({
    link: serialLink({ path, baud: 57_600, holds: pins.length > 0 }),
    held: new Set(pins),
    notice: (text) => notices.push(text),
  });
}

function closeKeeping(session: BoardSession, ...pins: number[]): Promise<void> {
  return session.close(new Map(pins.map((pin): [number, StopLevel] => [pin, "keep"])));
}

async function startChip(context: TestContext, firmware: string): Promise<Simavr> {
  const chip = await startSimavr({ firmware });
  context.after(() => chip.stop());
  return chip;
}

const levelsOf = (edges: readonly Edge[], pin: number) =>
  edges.filter((edge) => edge.pin === pin).map(({ level }) => level);

const FIRMWARES = {
  "our firmware": async () => CIRCUIT_UNO_HEX,
  StandardFirmata: standardFirmataHex,
};

for (const [name, firmware] of Object.entries(FIRMWARES)) {
  test(`openSession() takes held outputs over as they are, and others low: ${name}`, {
    skip: skipWithout(...FIRMWARE_TOOLS, ...SIMAVR_TOOLS),
    timeout: 30_000,
  }, async (context) => {
    const chip = await startChip(context, await firmware());
    const first = await openHolding(chip, [12, 3]);
    new five.Pin({ pin: 12, board: first.board }).high();
    new five.Led({ pin: 3, board: first.board }).brightness(100);
    for (const pin of [11, 7]) new five.Pin({ pin, board: first.board }).high();
    new five.Led({ pin: 5, board: first.board }).brightness(90);
    await first.board.confirm();
    // As a process that is killed: nothing is left as it should be.
    await closeKeeping(first, 12, 3, 11, 7, 5);
    const before = chip.edges.length;

    const notices: string[] = [];
    const second = await openHolding(chip, [12, 3], notices);
    context.after(() => closeKeeping(second, 12));
    await second.board.confirm();
    for (const pin of [7, 11])
      await chip.until("low pin", (edges) => levelsOf(edges.slice(before), pin)[0] === 0 || undefined);
    assert.deepEqual(levelsOf(chip.edges.slice(before), 12), []);
    assert.deepEqual(
      [12, 3].map((pin) => second.board.pins[pin]?.value),
      [1, 100],
    );
    assert.equal(notices.length, name === "our firmware" ? 0 : 1, notices.join("\n"));

    // A neighbour on its port is written, and it stays; then it is written itself.
    new five.Pin({ pin: 10, board: second.board }).high();
    await second.board.confirm();
    await chip.until("high pin", (edges) => levelsOf(edges.slice(before), 10).at(-1) === 1 || undefined);
    assert.deepEqual(levelsOf(chip.edges.slice(before), 12), []);
    new five.Pin({ pin: 12, board: second.board }).low();
    await second.board.confirm();
    await chip.until("low pin", (edges) => levelsOf(edges.slice(before), 12).at(-1) === 0 || undefined);
  });
}

test("openSession() that holds nothing finds the outputs of a board that was running low", {
  skip: skipWithout(...SIMAVR_TOOLS),
  timeout: 30_000,
}, async (context) => {
  const chip = await startChip(context, CIRCUIT_UNO_HEX);
  const first = await openHolding(chip, []);
  new five.Pin({ pin: 12, board: first.board }).high();
  await first.board.confirm();
  await closeKeeping(first, 12);
  const second = await openHolding(chip, []);
  context.after(() => second.close());
  await chip.until("low pin", (edges) => levelsOf(edges, 12).at(-1) === 0 || undefined);
});

test("serialLink() that holds leaves the lines on when it is closed, and one that does not leaves that alone", {
  skip: skipWithout(...SIMAVR_TOOLS),
  timeout: 30_000,
}, async (context) => {
  const chip = await startChip(context, CIRCUIT_UNO_HEX);
  const flags = () => execFileSync("stty", ["-a", "-F", chip.path], { encoding: "utf8" });
  const open = async (holds: boolean) => {
    const link = serialLink({ path: chip.path, baud: 57_600, holds });
    await link.open({ data() {}, lost() {} }, { signal: new AbortController().signal });
    return link;
  };
  const plain = await open(false);
  await plain.close();
  assert.match(flags(), / hupcl/);
  const holding = await open(true);
  await holding.close();
  assert.match(flags(), /-hupcl/);
});
