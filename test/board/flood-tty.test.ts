import assert from "node:assert/strict";
import { performance } from "node:perf_hooks";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { serialLink } from "../../src/board/link/serial.js";
import { five } from "../../src/board/session/piezo.js";
import { openSession } from "../../src/board/session/session.js";
import { CIRCUIT_UNO_HEX, standardFirmataHex } from "../native/native.js";
import { startSimavr } from "../native/simavr.js";
import { FIRMWARE_TOOLS, SIMAVR_TOOLS, skipWithout } from "../native/tools.js";

const FIRMWARES = {
  "our firmware": async () => CIRCUIT_UNO_HEX,
  StandardFirmata: standardFirmataHex,
};

/** New writes whose delay is measured: the median of them is judged, for this machine has more to do. */
const NEW_WRITES = 9;

/** The chip of simavr takes a byte in 11 bit times: its wire is slower than the session believes. */
for (const [name, firmware] of Object.entries(FIRMWARES)) {
  test(`100 000 levels a second leave a new write quick on a tty, and the last level right: ${name}`, {
    skip: skipWithout(...FIRMWARE_TOOLS, ...SIMAVR_TOOLS),
  }, async (context) => {
    const chip = await startSimavr({ firmware: await firmware() });
    context.after(() => chip.stop());
    const session = await openSession({ link: serialLink({ path: chip.path, baud: 57_600 }) });
    const { board } = session;
    const pin = new five.Pin({ pin: 12, board });
    const other = new five.Pin({ pin: 7, board });
    await board.confirm();
    let writes = 0;
    let most = 0;
    const flood = setInterval(() => {
      for (let count = 0; count < 100; count++) pin.write(++writes % 2);
      most = Math.max(most, session.counts().queued);
    }, 1);
    const delaysMs: number[] = [];
    for (let write = 1; write <= NEW_WRITES; write++) {
      await sleep(60);
      const startMs = performance.now();
      other.write(write % 2);
      await chip.until(`edge ${write} on pin 7`, (edges) =>
        edges.filter((edge) => edge.pin === 7).length >= write ? true : undefined,
      );
      delaysMs.push(performance.now() - startMs);
    }
    clearInterval(flood);
    pin.high();
    await board.confirm();
    // What the chip tells of its pins has a way of its own, and may come after the confirmation.
    await chip.until("high pin 12", (edges) =>
      edges.findLast((edge) => edge.pin === 12)?.level === 1 ? true : undefined,
    );
    assert.ok(most <= 4, `${most} messages waited`);
    const [median = Number.NaN] = delaysMs.sort((a, b) => a - b).slice(NEW_WRITES >> 1);
    assert.ok(median < 50, `${delaysMs.map((ms) => ms.toFixed(1)).join(", ")} ms`);
    await session.close();
  });
}
