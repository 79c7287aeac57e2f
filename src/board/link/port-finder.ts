import { realpath } from "node:fs/promises";
import { CircuitError } from "../../core/error.js";
import { listPorts } from "./ports.js";
import type { SerialPortInfo } from "./serial.js";

type ListPorts = () => Promise<readonly SerialPortInfo[]>;

/** Knows a board by its USB serial number, where it has one, and else by its port, so that it is found again. */
export class PortFinder {
  readonly #path: string;
  readonly #list: ListPorts;
  readonly #serialNumber: Promise<string | undefined>;

  /** @param path Where the board is now: its number is read at once. */
  constructor(path: string, list: ListPorts = listPorts) {
    this.#path = path;
    this.#list = list;
    this.#serialNumber = serialNumberOf(path, list);
  }

  /**
   * The port that the board is at.
   *
   * @throws {CircuitError} `PORT_MISSING` where its number is known and at no port.
   */
  async find(): Promise<string> {
    const serialNumber = await this.#serialNumber;
    if (serialNumber === undefined) return this.#path;
    return findBySerialNumber(serialNumber, this.#list);
  }
}

/**
 * The port of the board with a USB serial number.
 *
 * @throws {CircuitError} `PORT_MISSING` where there is none, `PORT_AMBIGUOUS` where several have it.
 */
export async function findBySerialNumber(serialNumber: string, list: ListPorts = listPorts): Promise<string> {
  const ports = await list();
  const found = ports.filter((port) => port.serialNumber === serialNumber);
  const [only] = found;
  if (only && found.length === 1) return only.path;
  if (only)
    throw new CircuitError(
      "PORT_AMBIGUOUS",
      `Cannot choose a board: ${found.length} have the serial number ${serialNumber}, on ${found.map(({ path }) => path).join(", ")}`,
      { hint: "Name the port instead: clones of one batch may share a number." },
    );
  const others = ports.flatMap(({ serialNumber: other }) => other ?? []);
  throw new CircuitError(
    "PORT_MISSING",
    `Cannot find the board with the serial number ${serialNumber}: ${others.length > 0 ? `there are ${others.join(", ")}` : "no port has one"}`,
    { hint: "Plug the board in; `circuit boards` shows the serial numbers." },
  );
}

async function serialNumberOf(path: string, list: ListPorts): Promise<string | undefined> {
  try {
    // A name of udev's, such as those below /dev/serial, leads to the port's own.
    const real = await realpath(path).catch(() => path);
    const ports = await list();
    const number = ports.find((port) => port.path === real || port.path === path)?.serialNumber;
    // A number that several share says nothing.
    return ports.filter(({ serialNumber }) => serialNumber === number).length === 1 ? number : undefined;
  } catch {
    return undefined;
  }
}
