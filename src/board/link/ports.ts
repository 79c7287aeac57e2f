import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { CircuitError } from "../../core/error.js";
import type { SerialPortInfo } from "./serial.js";

/** A serial port, and whether a board is likely to be behind it. */
export interface PortInfo extends SerialPortInfo {
  readonly likely: boolean;
  /** Why it looks like a board, or why not. */
  readonly why: string;
}

/** USB vendors of Arduinos and of the serial chips on their clones, by id. */
const VENDORS: Readonly<Record<string, string>> = {
  "2341": "Arduino",
  "2a03": "Arduino (arduino.org)",
  "1a86": "CH340, on Nano and Uno clones",
  "0403": "FTDI, on older Nanos",
  "10c4": "CP210x, on ESP32 boards and clones",
  "239a": "Adafruit",
  "1b4f": "SparkFun",
  "303a": "Espressif",
};

/**
 * The serial ports of this machine, likely boards first.
 *
 * On Linux the library asks udev; where that is missing, as in a container, the kernel's own files are read.
 */
export async function listPorts(): Promise<PortInfo[]> {
  const { listSerialPorts } = await import("./serial.js");
  const ports = await listSerialPorts().catch((error: unknown) => {
    if (process.platform === "linux") return listKernelPorts();
    throw new CircuitError("LINK_FAILED", "Cannot list the serial ports: the system does not tell them", {
      hint: "Give the port's path with --board.",
      cause: error,
    });
  });
  return ports.map(judge).sort((a, b) => Number(b.likely) - Number(a.likely) || a.path.localeCompare(b.path));
}

/** Says whether a board is likely behind a port, by its USB vendor or, without one, by its name. */
export function judge(port: SerialPortInfo): PortInfo {
  const vendor = port.vendorId === undefined ? undefined : VENDORS[port.vendorId];
  if (vendor !== undefined) return { ...port, likely: true, why: `USB vendor ${port.vendorId}: ${vendor}` };
  if (port.vendorId !== undefined)
    return { ...port, likely: false, why: `USB vendor ${port.vendorId} makes no boards that are known here` };
  if (/tty(ACM|USB)\d|cu\.usb(modem|serial)/.test(port.path)) {
    return { ...port, likely: true, why: "a USB serial port, by its name" };
  }
  return { ...port, likely: false, why: "no USB device" };
}

/**
 * The one port that looks like a board.
 *
 * @throws {CircuitError} `PORT_MISSING` when there is none, `PORT_AMBIGUOUS` when there are several.
 */
export function choosePort(ports: readonly PortInfo[]): string {
  const likely = ports.filter((port) => port.likely);
  const [only] = likely;
  if (only && likely.length === 1) return only.path;
  if (!only) {
    throw new CircuitError(
      "PORT_MISSING",
      `Cannot choose a board: none of ${ports.length} serial ports looks like one`,
      {
        hint: "Plug the board in, or give its port with --board; `circuit boards` lists them.",
      },
    );
  }
  const list = likely.map(({ path, serialNumber }) => (serialNumber ? `${path} (${serialNumber})` : path));
  throw new CircuitError(
    "PORT_AMBIGUOUS",
    `Cannot choose a board: ${likely.length} are plugged in, ${list.join(", ")}`,
    {
      hint: "Name one of them with --board.",
    },
  );
}

/** Where the kernel lists serial ports and the devices behind them. */
const SYS_TTY = "/sys/class/tty";

async function listKernelPorts(): Promise<SerialPortInfo[]> {
  const names = await readdir(SYS_TTY).catch(() => []);
  const usb = names.filter((name) => /^tty(ACM|USB)\d+$/.test(name));
  return Promise.all(usb.map(readKernelPort));
}

async function readKernelPort(name: string): Promise<SerialPortInfo> {
  // ttyACM hangs on the USB interface, one below the device; ttyUSB on a port below that.
  const up = name.startsWith("ttyACM") ? ".." : "../..";
  const read = async (field: string) => {
    const text = await readFile(join(SYS_TTY, name, "device", up, field), "utf8").catch(() => "");
    return text.trim();
  };
  const [vendorId, productId, serialNumber, manufacturer] = await Promise.all(
    ["idVendor", "idProduct", "serial", "manufacturer"].map(read),
  );
  return {
    path: `/dev/${name}`,
    ...(vendorId && { vendorId }),
    ...(productId && { productId }),
    ...(serialNumber && { serialNumber }),
    ...(manufacturer && { manufacturer }),
  };
}
