import { CircuitError } from "../core/error.js";

/** What an address of an emulated Uno says. */
export interface UnoAddress {
  /** Path of the image to run; the project's own firmware where it is left out. */
  readonly firmware?: string;
}

const SCHEME = "sim:";
const HINT = "Write sim:uno, or sim:uno?firmware=PATH.hex for another firmware";

/**
 * Reads `sim:uno` and `sim:uno?firmware=PATH`. The path is taken as it stands, without decoding.
 *
 * @throws {CircuitError} `USAGE` for another board or another setting.
 */
export function parseUnoAddress(address: string): UnoAddress {
  const refuse = (problem: string) =>
    new CircuitError("USAGE", `Cannot emulate ${address}: ${problem}`, { hint: HINT });
  if (!address.startsWith(SCHEME)) throw refuse(`an emulated board's address begins with ${SCHEME}`);
  const [board = "", ...settings] = address.slice(SCHEME.length).split("?");
  if (board !== "uno") throw refuse(`there is no emulated board "${board}", only uno`);
  const setting = settings.join("?");
  if (setting === "") return {};
  const [, firmware] = /^firmware=(.+)$/.exec(setting) ?? [];
  if (firmware === undefined) throw refuse(`"${setting}" is not a setting it has`);
  return { firmware };
}
