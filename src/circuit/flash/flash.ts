import { realpath } from "node:fs/promises";
import { type FlashEvent, flashBoard } from "../../board/flash/flash.js";
import { readImage } from "../../board/flash/image.js";
import { type BoardAddress, badAddress, baudOf, parseAddress } from "../../board/link/address.js";
import { choosePort, listPorts, type PortInfo } from "../../board/link/ports.js";
import { openSession } from "../../board/session/session.js";
import type { Clock } from "../../core/clock.js";
import { CircuitError, messageOf } from "../../core/error.js";

export interface FlashCommandOptions {
  /** Address of the board: a port, `auto` or `serial:NUMBER`. */
  readonly address: string;
  /** Path of an Intel HEX file; the project's own firmware where it is missing. */
  readonly firmware?: string | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly report: (event: FlashReport) => void;
}

/** What a person is told of flashing. */
export type FlashReport =
  | FlashEvent
  | {
      readonly type: "image";
      readonly address: string;
      readonly source: string;
      readonly totalBytes: number;
    }
  /** The firmware has greeted, and what it says of itself. */
  | {
      readonly type: "firmware";
      readonly address: string;
      readonly firmware: string;
      readonly readyMs: number;
    }
  /** The image is on the board, and does not speak Firmata: why that is known. */
  | { readonly type: "noGreeting"; readonly text: string };

/** USB ids of the Uno, vendor and product (boards.txt of the Arduino core, `uno.vid` and `uno.pid`). */
const UNO_IDS: ReadonlySet<string> = new Set(["2341:0043", "2341:0001", "2a03:0043", "2341:0243"]);

/** What a board says that runs something else than Firmata. */
const OTHER_FIRMWARE: ReadonlySet<string> = new Set([
  "BOARD_SILENT",
  "BOARD_NOT_FIRMATA",
  "BOARD_WRONG_BAUD",
]);

/**
 * Flashes an image to the board at an address, and waits until its firmware greets.
 *
 * @throws {CircuitError} What `flashBoard()` throws, `USAGE`, `FILE_FAILED`, `PORT_MISSING`, `PORT_AMBIGUOUS`; of our own
 *   firmware what `openSession()` throws; the signal's own reason.
 */
export async function flash(options: FlashCommandOptions): Promise<void> {
  const { firmware, clock, signal, report } = options;
  const image = readImage(firmware);
  const source = firmware ?? "circuit-uno.hex";
  const address = parseAddress(options.address);
  const baud = baudOf(address);
  const path = await findPort(address);
  const { serialLink } = await import("../../board/link/serial.js");
  report({ type: "image", address: path, source, totalBytes: image.endByte });
  await flashBoard({
    ...{ address: path, image, source, clock, signal, report },
    makePort: (rate) => serialLink({ path, baud: rate }),
    isUno: await isUno(path),
  });
  await greet(path, baud, { ...options, isOurs: firmware === undefined });
}

/**
 * The port that an address means.
 *
 * @throws {CircuitError} `USAGE` for a board that is on none, `PORT_MISSING`, `PORT_AMBIGUOUS`.
 */
export async function findPort({ text, scheme, target, settings }: BoardAddress): Promise<string> {
  for (const setting of settings.keys())
    if (setting !== "baud") throw badAddress(text, `it has no setting "${setting}", only baud`);
  if (scheme === "port") return target;
  if (scheme === "auto") return choosePort(await listPorts());
  if (scheme === "serial" && target !== "") {
    const { findBySerialNumber } = await import("../../board/link/port-finder.js");
    return findBySerialNumber(target);
  }
  throw new CircuitError("USAGE", `Cannot flash ${text}: only a board on a serial port has a boot loader`, {
    hint: "Give a port such as /dev/ttyACM0 or COM3, serial:NUMBER or auto.",
  });
}

/** Whether a port's USB ids are those of an Uno: a Nano has the ids of its USB chip. */
async function isUno(path: string): Promise<boolean> {
  const real = await realpath(path).catch(() => path);
  const ports = await listPorts().catch((): PortInfo[] => []);
  return ports.some(
    (port) => (port.path === path || port.path === real) && UNO_IDS.has(`${port.vendorId}:${port.productId}`),
  );
}

/** Waits for the greeting of what the board runs now, and reports it. */
export async function greet(
  path: string,
  baud: number,
  { clock, signal, report, isOurs }: Omit<FlashCommandOptions, "address"> & { readonly isOurs: boolean },
): Promise<void> {
  const { serialLink } = await import("../../board/link/serial.js");
  const startMs = clock.now();
  try {
    const session = await openSession({ link: serialLink({ path, baud }), clock, signal });
    const readyMs = clock.now() - startMs;
    await session.close();
    report({ type: "firmware", address: path, firmware: session.firmware, readyMs });
  } catch (error) {
    // Any sketch may be flashed; ours has to answer.
    if (isOurs || !(error instanceof CircuitError) || !OTHER_FIRMWARE.has(error.code)) throw error;
    report({ type: "noGreeting", text: messageOf(error) });
  }
}
