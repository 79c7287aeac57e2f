import { CircuitError } from "../../core/error.js";

/** A `--board` address taken apart. */
export interface BoardAddress {
  /** As it was written. */
  readonly text: string;
  /** `port` for a path or `COM3`; otherwise what stands before the colon, or the word itself. */
  readonly scheme: string;
  /** What follows the scheme, without `?settings`. */
  readonly target: string;
  readonly settings: ReadonlyMap<string, string>;
}

/** Baud rate of StandardFirmata, unless the address says another. */
export const DEFAULT_BAUD = 57_600;

const WINDOWS_PORT = /^COM\d+$/i;
const SCHEME = /^([a-z]+):(?:\/\/)?(.*)$/;

/**
 * Takes an address apart.
 *
 * @throws {CircuitError} `USAGE` for an empty address, or a setting without a value or with one that is not
 *   percent-encoded.
 */
export function parseAddress(text: string): BoardAddress {
  const [place = "", query = ""] = splitOnce(text, "?");
  if (place === "") throw badAddress(text, "it is empty");
  const settings = new Map<string, string>();
  for (const setting of query === "" ? [] : query.split("&")) {
    const [key = "", value = ""] = splitOnce(setting, "=");
    if (key === "" || value === "") throw badAddress(text, `"${setting}" is no setting=value`);
    settings.set(key, decodeSetting(text, value));
  }
  const matched = SCHEME.exec(place);
  if (matched) return { text, scheme: matched[1] ?? "", target: matched[2] ?? "", settings };
  const isPort = WINDOWS_PORT.test(place) || place.includes("/") || place.includes("\\");
  return { text, scheme: isPort ? "port" : place, target: place, settings };
}

/**
 * The baud rate of an address.
 *
 * @throws {CircuitError} `USAGE` when it is no whole number from 300 to 4 000 000.
 */
export function baudOf({ text, settings }: BoardAddress): number {
  const setting = settings.get("baud");
  if (setting === undefined) return DEFAULT_BAUD;
  const baud = Number(setting);
  if (Number.isInteger(baud) && baud >= 300 && baud <= 4_000_000) return baud;
  throw badAddress(text, `baud is ${setting}, not a whole number from 300 to 4000000`);
}

/** Whether an address says a baud rate: then no faster one is to be agreed with the board. */
export function isBaudFixed({ settings }: BoardAddress): boolean {
  return settings.has("baud");
}

export function badAddress(text: string, problem: string): CircuitError {
  return new CircuitError("USAGE", `Cannot use the board address "${text}": ${problem}`, {
    hint: "Give a port such as /dev/ttyACM0 or COM3, serial:NUMBER, auto, tcp://HOST:PORT, sim:uno, mock or replay:FILE.",
  });
}

function decodeSetting(text: string, value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw badAddress(text, `"${value}" is not percent-encoded; a % is written %25`);
  }
}

function splitOnce(text: string, separator: string): [string, string] | [string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
