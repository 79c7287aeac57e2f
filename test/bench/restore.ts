import type { ByteLink } from "../../src/board/link/link.js";
import { five } from "../../src/index.js";
import { openSession, VirtualTime, VirtualUno } from "../../src/testing.js";
import { FIRMWARES } from "../circuit/firmwares.js";
import { Cable } from "../emulator/cable.js";
import type { Row } from "./bench.js";

const LEVELS = [7, 8, 12, 13];

/** Milliseconds of virtual time, on a board that is plugged in again, from a moment of its start to its pins' return. */
async function restoreMs(firmware: string, from: "greeting" | "start"): Promise<number> {
  using time = new VirtualTime();
  time.install();
  const cable = new Cable(new VirtualUno({ time, firmware }));
  let greetedMs = Number.NaN;
  let startedMs = Number.NaN;
  const find = async (): Promise<ByteLink> => {
    const link = await cable.find();
    return {
      ...link,
      open: (events, options) => {
        startedMs = time.nowMs;
        greetedMs = Number.NaN;
        const data = (bytes: Uint8Array) => {
          if (Number.isNaN(greetedMs)) greetedMs = time.nowMs;
          events.data(bytes);
        };
        return link.open({ ...events, data }, options);
      },
    };
  };
  const opening = find().then((link) => openSession({ link, relink: find }));
  const session = await time.until(opening, { limitMs: 6_000 });
  const { board } = session;
  for (const pin of LEVELS) new five.Pin({ pin, board }).high();
  new five.Led({ pin: 3, board }).brightness(100);
  new five.Servo({ pin: 10, board }).to(90);
  new five.Button({ pin: 2, isPullup: true, board });
  new five.Sensor({ pin: "A0", board });
  await time.until(board.confirm());
  await cable.unplug();
  const restored = new Promise<void>((resolve) => board.on("restored", resolve));
  await time.advance(1_000);
  cable.plugIn();
  await time.until(restored, { limitMs: 6_000 });
  const tookMs = time.nowMs - (from === "greeting" ? greetedMs : startedMs);
  await time.until(session.close());
  return tookMs;
}

const ASKED: Readonly<Record<string, { readonly from: "greeting" | "start"; readonly atMostMs: number }>> = {
  CircuitFirmata: { from: "greeting", atMostMs: 100 },
  StandardFirmata: { from: "start", atMostMs: 2_500 },
};

/** How long a board that is plugged in again is without its pins, all of them asked for again. */
export const rows: readonly Row[] = FIRMWARES.flatMap(({ name, skip, hex }): readonly Row[] => {
  const { from, atMostMs } = ASKED[name] ?? { from: "start", atMostMs: 0 };
  return [
    {
      claim: `${name}: from its ${from} to pins restored and confirmed, a board that is plugged in again`,
      unit: "ms",
      peer: "asked",
      limit: { of: "ours", atMost: atMostMs },
      rounds: 1,
      ours: async () => restoreMs(await hex(), from),
      theirs: async () => atMostMs,
      missing: () => skip || undefined,
    },
  ];
});
