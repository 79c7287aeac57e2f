import { existsSync } from "node:fs";
import { type BoardAddress, parseAddress } from "../../board/link/address.js";
import { findBySerialNumber } from "../../board/link/port-finder.js";
import { choosePort, listPorts } from "../../board/link/ports.js";
import type { Clock } from "../../core/clock.js";
import { CircuitError, messageOf } from "../../core/error.js";
import type { Wiring } from "../../wiring/wiring.js";
import { loadWiring, openBoard } from "../boards.js";
import { checkBoard } from "./board.js";
import { type Finding, failure } from "./finding.js";
import { checkMeddlers, checkNode, checkUdev } from "./host.js";
import { Machine } from "./machine.js";
import { checkPort } from "./port.js";

export interface DoctorOptions {
  /** Address of the board; `auto` looks for one. */
  readonly address: string;
  /** Path of a wiring that the board is to suit. */
  readonly wiring: string | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The system's files: for tests. */
  readonly machine?: Machine;
}

/** Kinds of addresses that are ports of this machine. */
const PORTS: ReadonlySet<string> = new Set(["port", "auto", "serial"]);

/**
 * Looks at all that stands between a person and a blinking LED, from the bottom to the top. It ends where there is no sense in
 * going on.
 *
 * @throws {CircuitError} `USAGE` for an address that is none, `FILE_FAILED` or `WIRING_INVALID`; the signal's own reason.
 */
export async function* examine(options: DoctorOptions): AsyncGenerator<Finding> {
  const { clock, machine = new Machine(), signal } = options;
  const { address } = options;
  const place = parseAddress(address);
  const wiring = options.wiring === undefined ? undefined : await loadWiring(options.wiring);
  yield checkNode(process.version);
  if (PORTS.has(place.scheme)) {
    const udev = checkUdev(process.platform, existsSync("/run/udev"));
    if (udev) yield udev;
    yield await checkMeddlers(machine);
    const port = await findPort(place).catch((problem: unknown) => ofError("port", problem));
    if (typeof port !== "string") {
      yield port;
      return;
    }
    for await (const finding of checkPort(port, machine)) {
      yield finding;
      if (finding.state === "error") return;
    }
  }
  yield* checkAnswer(address, wiring, { clock, signal });
}

/** @throws {CircuitError} Where there is none, or it is not clear which. */
async function findPort({ scheme, target }: BoardAddress): Promise<string> {
  if (scheme === "auto") return choosePort(await listPorts());
  return scheme === "serial" ? findBySerialNumber(target) : target;
}

async function* checkAnswer(
  address: string,
  wiring: Wiring | undefined,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): AsyncGenerator<Finding> {
  const opening = openBoard({
    ...{ name: "board", address, wiring, clock, signal, link: undefined },
    notice: () => {},
  });
  const opened = await opening.catch((problem: unknown) => {
    signal.throwIfAborted();
    return ofError("answer", problem);
  });
  if ("check" in opened) {
    yield opened;
    return;
  }
  const { session, readyMs } = opened;
  try {
    yield* checkBoard(session, { clock, wiring, readyMs });
  } finally {
    await session.close();
  }
}

function ofError(check: string, problem: unknown): Finding {
  if (!(problem instanceof CircuitError) || problem.code === "USAGE") throw problem;
  const finding = failure(check, messageOf(problem), problem.hint ?? "");
  return { ...finding, isUnreachable: true };
}
