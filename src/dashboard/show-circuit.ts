import { loadWiring } from "../circuit/boards.js";
import type { RunOptions } from "../circuit/run-options.js";
import { readVersion } from "../circuit/version.js";
import { type CircuitDefinition, DEFAULT_BOARDS } from "../config/define.js";
import { systemClock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import { Tls } from "../mesh/ws/tls.js";
import { Dashboard } from "./dashboard.js";
import { drawingOf } from "./drawing-of.js";
import { OwnCircuit } from "./own-circuit.js";

export interface ShowOptions {
  /** A port, or host:port; localhost and 8770 by default. */
  readonly at: string | true;
  readonly title: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly notice: (text: string) => void;
}

/** A circuit's page, and what the circuit tells it. */
export interface Shown extends Required<Pick<RunOptions, "onEntry" | "onBegun">> {
  /** Where it is, with the token: this machine's own address first. */
  readonly addresses: readonly string[];
  close(): Promise<void>;
}

/** Beside those of the example's nodes, 8765 and 8766. */
const PORT = 8_770;

/**
 * Opens the page of a circuit that is about to run.
 *
 * @throws {CircuitError} `USAGE`, `ADDRESS_BUSY`, `ADDRESS_INVALID`; what reading the wiring and certificates throws.
 */
export async function showCircuit(definition: CircuitDefinition, options: ShowOptions): Promise<Shown> {
  const { title, env, notice } = options;
  const { wiring, boards = DEFAULT_BOARDS, security } = definition;
  const clock = systemClock;
  const drawing = wiring === undefined ? null : drawingOf(await loadWiring(wiring));
  const circuit = new OwnCircuit({ title, boards: Object.keys(boards), drawing });
  const tls = security?.tls && (await Tls.open(security.tls, { clock, notice }));
  const dashboard = new Dashboard({
    ...{ circuit, clock, tls, ...parsePlace(options.at) },
    version: readVersion(),
    token: env.CIRCUIT_DASHBOARD_TOKEN || undefined,
    allowsPlain: security?.anyone === true,
  });
  const close = async () => {
    await dashboard.close();
    tls?.close();
  };
  try {
    const addresses = await dashboard.open();
    return { addresses, onEntry: circuit.entry, onBegun: (running) => circuit.begun(running), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function parsePlace(at: string | true): { readonly host?: string; readonly port: number } {
  if (at === true) return { port: PORT };
  const [, host, port] = /^(?:(.+):)?(\d{1,5})$/.exec(at) ?? [];
  if (port !== undefined && Number(port) <= 65_535)
    return { port: Number(port), ...(host !== undefined && { host }) };
  throw new CircuitError(
    "USAGE",
    `Cannot show the page at ${at}: it is no port from 0 to 65535, nor host:port`,
    {
      hint: "Give for example --dashboard 8770.",
    },
  );
}
