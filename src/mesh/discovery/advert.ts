import { isPrintable } from "../../core/printable.js";
import { parsePeerUrl } from "../ws/address.js";

/** What a node lets others know of itself. */
export interface Advert {
  /** Random, new for each life of a node; where it is not known, as in a grid, `grid:` and the name. */
  readonly boot: string;
  readonly name: string;
  /** Where it is reached, the best first. */
  readonly addresses: readonly string[];
  /** What carries its messages: `ws`. */
  readonly engine: string;
  /** When it began, in milliseconds of Unix time. */
  readonly sinceMs?: number;
  readonly sketch?: string;
  readonly board?: string;
}

/** Longest of the texts, in characters: as long as a name in a greeting may be. */
const MOST_CHARACTERS = 255;

/** Addresses that one node may have: two families on a few networks. */
const MOST_ADDRESSES = 16;

/** Reads what claims to be an advert, from a file or the network; `undefined` for what is none. */
export function findAdvert(value: unknown): Advert | undefined {
  // The cast: of any object every field may be asked for, and is checked before it is used.
  const fields = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  const { boot, name, addresses, engine, sinceMs, sketch, board } = fields;
  if (!isText(boot) || !isText(name) || !isText(engine) || !isAddresses(addresses)) return undefined;
  return {
    boot,
    name,
    addresses,
    engine,
    ...(typeof sinceMs === "number" && Number.isFinite(sinceMs) && { sinceMs }),
    ...(isText(sketch) && { sketch }),
    ...(isText(board) && { board }),
  };
}

/** Whether a text may be shown and compared as a name. */
export function isText(value: unknown): value is string {
  return (
    typeof value === "string" && value.length > 0 && value.length <= MOST_CHARACTERS && isPrintable(value)
  );
}

function isAddresses(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.length <= MOST_ADDRESSES && value.every(isAddress);
}

function isAddress(value: unknown): boolean {
  if (!isText(value)) return false;
  try {
    parsePeerUrl("", value);
    return true;
  } catch {
    return false;
  }
}
