import assert from "node:assert/strict";
import { symlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { serialLink } from "../../src/board/link/serial.js";
import { five } from "../../src/board/session/piezo.js";
import { openSession } from "../../src/board/session/session.js";
import { CIRCUIT_UNO_HEX, standardFirmataHex } from "../native/native.js";
import { type Edge, type Simavr, startSimavr } from "../native/simavr.js";
import { FIRMWARE_TOOLS, SIMAVR_TOOLS, skipWithout } from "../native/tools.js";
import { temporaryFolder } from "../temporary-folder.js";

/** A port that a chip behind a tty can be plugged into, and out of. */
class Port {
  readonly path = join(temporaryFolder(), "tty");
  #chip: Simavr | undefined;

  get chip(): Simavr {
    assert.ok(this.#chip);
    return this.#chip;
  }

  async plugIn(firmware: string): Promise<void> {
    this.#chip = await startSimavr({ firmware });
    symlinkSync(this.#chip.path, this.path);
  }

  async unplug(): Promise<void> {
    unlinkSync(this.path);
    await this.chip.stop();
  }
}

async function openOn(context: TestContext, port: Port) {
  const { path } = port;
  const notices: string[] = [];
  const session = await openSession({
    link: serialLink({ path, baud: 57_600 }),
    relink: async () => serialLink({ path, baud: 57_600 }),
    notice: (text) => notices.push(text),
  });
  context.after(async () => {
    await session.close();
    await port.chip.stop();
  });
  return { session, notices };
}

/** The level that a pin has had last, once it has had so many edges. */
function levelAfter(edges: readonly Edge[], pin: number, atLeast: number): 0 | 1 | undefined {
  const of = edges.filter((edge) => edge.pin === pin);
  return of.length >= atLeast ? of.at(-1)?.level : undefined;
}

const FIRMWARES = {
  "our firmware": async () => CIRCUIT_UNO_HEX,
  StandardFirmata: standardFirmataHex,
};

for (const [name, firmware] of Object.entries(FIRMWARES)) {
  test(`a chip behind a tty that is unplugged and plugged in again has its pins back: ${name}`, {
    skip: skipWithout(...FIRMWARE_TOOLS, ...SIMAVR_TOOLS),
    timeout: 30_000,
  }, async (context) => {
    const port = new Port();
    await port.plugIn(await firmware());
    const { session, notices } = await openOn(context, port);
    const { board } = session;
    const [kept, later] = [12, 11].map((pin) => new five.Pin({ pin, board }));
    kept?.high();
    later?.low();
    await board.confirm();

    const isLost = new Promise((resolve) => board.on("lost", resolve));
    await port.unplug();
    await isLost;
    assert.ok(session.isAway);
    later?.high();
    const confirmed = board.confirm();
    await port.plugIn(await firmware());
    await confirmed;
    const { chip } = port;
    assert.equal(await chip.until("level on pin 12", (edges) => levelAfter(edges, 12, 1)), 1);
    assert.equal(await chip.until("level on pin 11", (edges) => levelAfter(edges, 11, 1)), 1);
    kept?.low();
    await board.confirm();
    assert.equal(await chip.until("low level on pin 12", (edges) => levelAfter(edges, 12, 2)), 0);
    assert.equal(notices.length, 2, notices.join("\n"));
  });
}
