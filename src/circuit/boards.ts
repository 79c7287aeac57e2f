import { readFile } from "node:fs/promises";
import type { ByteLink } from "../board/link/link.js";
import type { BoardSession } from "../board/session/board-session.js";
import { LOOKS, type Relink } from "../board/session/recovery/search.js";
import { openSession } from "../board/session/session.js";
import { backoff } from "../core/backoff.js";
import type { Clock } from "../core/clock.js";
import { CircuitError, describeThrown, messageOf } from "../core/error.js";
import { describeFileProblem } from "../core/file-problem.js";
import type { EmulatedLink } from "../emulator/emulated-link.js";
import type { SafeState } from "../firmata/protocol.js";
import type { Journal } from "../record/journal.js";
import { RecordedLink } from "../record/recorded-link.js";
import { attachments, describePins, wiredPins } from "../wiring/attachments.js";
import { readWiring } from "../wiring/read.js";
import type { Wiring } from "../wiring/wiring.js";
import { type BoardLink, makeLink } from "./links.js";

/** An open board of a circuit. */
export interface OpenBoard {
  readonly name: string;
  readonly session: BoardSession;
  /** The link that it was opened on, itself and not what records it. */
  readonly link: ByteLink;
  /** From opening to ready, in milliseconds. */
  readonly readyMs: number;
  /** Edges seen so far since the board was ready, by pin; `undefined` where a board does not show them. */
  edges(): ReadonlyMap<number, number> | undefined;
  /** What hands and eyes reach of it now, where it is emulated. */
  readonly emulated: EmulatedLink | undefined;
  /** It is on another link from now on: its edges are counted there. */
  follow(link: ByteLink): void;
}

export interface OpenBoardOptions {
  readonly name: string;
  readonly address: string;
  readonly wiring: Wiring | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly notice: (text: string) => void;
  /** Whether it was told already that the board is not there. */
  readonly isSought?: boolean;
  /** How long sketches wait for a board that has gone away, in milliseconds; the session's default where it is missing. */
  readonly patienceMs?: number | undefined;
  /** Outputs that stay as they are from one run to the next. */
  readonly held?: ReadonlySet<number>;
  /** Where pins go when the board has heard nothing for `silenceMs`. */
  readonly safe?: ReadonlyMap<number, SafeState>;
  readonly silenceMs?: number | undefined;
  /** A link, or what makes one each time that the board is looked for, in place of what the address says: for tests. */
  readonly link: ByteLink | Relink | undefined;
  readonly journal?: Journal | undefined;
}

/** How long a board may take before a person who watches is told what is waited for, in milliseconds. */
const PATIENCE_MS = 1_000;

/**
 * Opens a board and waits until it is ready.
 *
 * @throws {CircuitError} What `makeLink()` and `openSession()` throw; then nothing stays open.
 */
export async function openBoard(options: OpenBoardOptions): Promise<OpenBoard> {
  const { name, wiring, clock, signal, notice, patienceMs, held = new Set(), safe, silenceMs } = options;
  const startMs = clock.now();
  const { link, relink } = await linkOf(options);
  const wait = () => notice(`waiting for an answer on ${link.address}`);
  const cancel = options.isSought ? () => {} : clock.after(PATIENCE_MS, wait);
  const session = await openSession({
    link,
    clock,
    signal,
    notice,
    held,
    safe,
    silenceMs,
    ...(relink && { relink }),
    ...(patienceMs !== undefined && { patienceMs }),
    ...(wiring && { checkPin: pinChecker(wiring) }),
  }).finally(cancel);
  let edges: Map<number, number> | undefined;
  let emulated: EmulatedLink | undefined;
  const follow = (link: ByteLink) => {
    const bare = bareLink(link);
    emulated = isEmulatedLink(bare) ? bare : undefined;
    if (emulated === undefined) return;
    edges ??= new Map();
    countEdges(emulated, edges);
  };
  follow(link);
  const readyMs = clock.now() - startMs;
  return {
    ...{ name, session, link: bareLink(link), readyMs, follow },
    edges: () => edges && new Map(edges),
    get emulated() {
      return emulated;
    },
  };
}

/**
 * Looks for a board that was not there, until it is.
 *
 * @param problem Why it was not there, which has been told.
 * @throws The signal's own reason.
 */
export async function seekBoard(options: OpenBoardOptions, problem: CircuitError): Promise<OpenBoard> {
  const { clock, signal, notice } = options;
  const waits = backoff(LOOKS);
  const told = new Set([problem.message]);
  for (;;) {
    await clock.sleep(waits.next().value, signal);
    try {
      return await openBoard({ ...options, isSought: true });
    } catch (error) {
      signal.throwIfAborted();
      if (!told.has(messageOf(error))) notice(describeThrown(error));
      told.add(messageOf(error));
    }
  }
}

/** The link that an address describes, or that was given in its place. @throws {CircuitError} What `makeLink()` throws. */
export async function linkOf(options: OpenBoardOptions): Promise<BoardLink> {
  const { name, journal } = options;
  const { link, relink } = await bareLinkOf(options);
  if (!journal) return { link, ...(relink && { relink }) };
  const record = (bare: ByteLink) => new RecordedLink(bare, name, journal);
  return { link: record(link), ...(relink && { relink: async () => record(await relink()) }) };
}

/** A link as it is, whether it is recorded or not. */
function bareLink(link: ByteLink): ByteLink {
  return link instanceof RecordedLink ? link.inner : link;
}

async function bareLinkOf({
  link,
  address,
  wiring,
  held,
  notice,
  clock,
}: OpenBoardOptions): Promise<BoardLink> {
  const holds = held !== undefined && held.size > 0;
  const context = { attachments: wiring ? attachments(wiring) : [], holds, notice, clock };
  if (link === undefined) return makeLink(address, context);
  return typeof link === "function" ? { link: await link(), relink: link } : { link };
}

/** Whether a board is not there at the moment, or any more. */
export function isAway({ session }: OpenBoard): boolean {
  return session.isAway || session.lost.aborted;
}

function countEdges(link: EmulatedLink, counts: Map<number, number>): void {
  link.onEdge(({ pin }) => counts.set(pin, (counts.get(pin) ?? 0) + 1));
}

/**
 * Reads a wiring file.
 *
 * @throws {CircuitError} `FILE_FAILED` or `WIRING_INVALID`.
 */
export async function loadWiring(path: string): Promise<Wiring> {
  return readWiring(await readWiringText(path), path);
}

/**
 * The text of a wiring file.
 *
 * @throws {CircuitError} `FILE_FAILED`
 */
export async function readWiringText(path: string): Promise<string> {
  return readFile(path, "utf8").catch((cause: unknown) => {
    throw new CircuitError("FILE_FAILED", `Cannot read the wiring ${path}: ${describeFileProblem(cause)}`, {
      hint: "Give the path of a wiring in Wokwi's diagram format.",
      cause,
    });
  });
}

function pinChecker(wiring: Wiring): (pin: number) => void {
  const wired = wiredPins(wiring);
  return (pin) => {
    if (wired.has(pin)) return;
    throw new CircuitError(
      "PIN_NOT_WIRED",
      `Cannot use pin ${pin}: the wiring ${wiring.source} has nothing there, only on ${describePins(wiring)}`,
      { hint: "Choose a pin that is wired, or wire a part to this one." },
    );
  };
}

function isEmulatedLink(link: ByteLink): link is EmulatedLink {
  return "onEdge" in link && "parts" in link;
}
