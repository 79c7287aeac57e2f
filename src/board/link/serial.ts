import { stat } from "node:fs/promises";
import { SerialPort } from "serialport";
import { systemClock } from "../../core/clock.js";
import { keepLinesOn } from "./hang-up.js";
import type { OpenLinkOptions, SerialLink } from "./link.js";
import { lostError, openError, speedError } from "./serial-errors.js";

export interface SerialLinkOptions {
  /** Path of the port, such as `/dev/ttyACM0` or `COM3`. */
  readonly path: string;
  readonly baud: number;
  /** Whether the board is not to be reset when the port is opened after it has been open once. */
  readonly holds?: boolean;
  /** Takes what a person should know. */
  readonly notice?: (text: string) => void;
  /** Whether it stays at that speed: the link has no `setBaud()`. */
  readonly isFixed?: boolean;
}

/** Bits on the wire for a byte: start, eight, stop. */
const BITS_PER_BYTE = 10;

/** Clock of an Uno's USB chip, in hertz, and the fewest samples that it takes of a bit. */
const USB_CHIP_HZ = 16_000_000;
const SAMPLES_PER_BIT = 8;

/**
 * How much faster than its nominal rate a wire is taken to be: an Uno's chip at 57 600 baud really runs at
 * 58 824 (2.1 % more), USB chips with finer dividers at 57 600; the middle is at most 1.1 % off both.
 */
const REAL_RATE = 1.0105;

/** Bytes a second at a nominal rate: one that divides the chip's clock is exact. */
function bytesPerSecondAt(baud: number): number {
  const isExact = USB_CHIP_HZ % (SAMPLES_PER_BIT * baud) === 0;
  return (baud / BITS_PER_BYTE) * (isExact ? 1 : REAL_RATE);
}

/**
 * How often is looked whether the port is still there, in milliseconds. On Unix the library may read nothing for ever from a
 * port that has hung up, and not tell.
 */
const LOOK_MS = 250;

/** A serial port. With `listSerialPorts()`, the only place that knows the serialport library. */
export function serialLink({
  path,
  baud,
  isFixed = false,
  holds = false,
  notice,
}: SerialLinkOptions): SerialLink {
  let port: SerialPort | undefined;
  let baudNow = baud;
  let over = false;
  let draining = 0;
  let stopLooking = () => {};

  const setBaud = async (wanted: number): Promise<void> => {
    if (!port?.isOpen || over) return;
    await updateBaud(port, path, wanted);
    baudNow = wanted;
  };

  return {
    address: path,
    ...(!isFixed && { setBaud }),

    get bytesPerSecond() {
      return bytesPerSecondAt(baudNow);
    },

    async open(events, { signal }) {
      signal.throwIfAborted();
      const opened = new SerialPort({ path, baudRate: baud, hupcl: !holds, autoOpen: false });
      port = opened;
      opened.on("data", (bytes: Buffer) => events.data(bytes));
      await openPort(opened, path, { signal });
      // On Windows the library's own setting does it.
      if (holds && process.platform !== "win32" && !(await keepLinesOn(path)))
        notice?.(`Cannot keep ${path} from resetting its board when it is opened next: stty has failed`);
      const lost = (cause?: unknown) => {
        if (over) return;
        over = true;
        stopLooking();
        events.lost(lostError(path, cause));
      };
      opened.on("close", lost);
      opened.on("error", lost);
      const file = await fileOf(path);
      if (file !== undefined && !over)
        stopLooking = lookUntilOther(path, file, () => opened.close(() => lost()));
    },

    write(bytes) {
      if (port?.isOpen && !over) port.write(bytes);
    },

    drain() {
      return new Promise((resolve) => {
        if (!port?.isOpen || over) {
          resolve();
          return;
        }
        draining++;
        port.drain(() => {
          draining--;
          resolve();
        });
      });
    },

    setLines(isOn) {
      return new Promise((resolve) => {
        if (port?.isOpen && !over) port.set({ dtr: isOn, rts: isOn }, () => resolve());
        else resolve();
      });
    },

    async close() {
      over = true;
      stopLooking();
      const closing = port;
      port = undefined;
      if (!closing?.isOpen) return;
      // A board that takes nothing more would hold drain and close for as long as the system likes.
      if (draining > 0) await new Promise<void>((resolve) => closing.flush(() => resolve()));
      await new Promise<void>((resolve) => closing.close(() => resolve()));
    },
  };
}

function updateBaud(port: SerialPort, path: string, baudRate: number): Promise<void> {
  return new Promise((resolve, reject) => {
    port.update({ baudRate }, (error) => {
      if (error) reject(speedError(path, baudRate, error));
      else resolve();
    });
  });
}

/** @returns Looks no more. */
function lookUntilOther(path: string, file: string, gone: () => void): () => void {
  let isOver = false;
  const look = async () => {
    const now = await fileOf(path);
    if (isOver) return;
    if (now !== file) gone();
    else cancel = systemClock.after(LOOK_MS, look);
  };
  let cancel = systemClock.after(LOOK_MS, look);
  return () => {
    isOver = true;
    cancel();
  };
}

/** What tells the file of a port from one that comes after it; `undefined` where it has none, as on Windows. */
async function fileOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path);
    return `${dev}/${ino}`;
  } catch {
    return undefined;
  }
}

async function openPort(port: SerialPort, path: string, { signal }: OpenLinkOptions): Promise<void> {
  // Unheard, an error event of a port that is being opened would end the process.
  port.on("error", () => {});
  await new Promise<void>((resolve, reject) => {
    port.open((error) => {
      if (error) reject(openError(path, error));
      else resolve();
    });
  });
  if (!signal.aborted) return;
  await new Promise<void>((resolve) => port.close(() => resolve()));
  throw signal.reason;
}

/** What the system tells of a serial port; fields that it does not know are missing. */
export interface SerialPortInfo {
  readonly path: string;
  readonly manufacturer?: string;
  readonly serialNumber?: string;
  /** USB ids, four lower-case hexadecimal digits. */
  readonly vendorId?: string;
  readonly productId?: string;
}

/**
 * The serial ports that the library finds.
 *
 * @throws Whatever the library throws; on Linux it needs `udevadm`.
 */
export async function listSerialPorts(): Promise<SerialPortInfo[]> {
  const ports = await SerialPort.list();
  return ports.map(({ path, manufacturer, serialNumber, vendorId, productId }) => ({
    path,
    ...(manufacturer && { manufacturer }),
    ...(serialNumber && { serialNumber }),
    ...(vendorId && { vendorId: vendorId.toLowerCase() }),
    ...(productId && { productId: productId.toLowerCase() }),
  }));
}
