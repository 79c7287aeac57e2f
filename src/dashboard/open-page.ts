import { readVersion } from "../circuit/version.js";
import { type Clock, systemClock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import { Tls, type TlsFiles } from "../mesh/ws/tls.js";
import { Dashboard } from "./dashboard.js";
import type { LiveCircuit } from "./live-circuit.js";

export interface OpenPageOptions {
  readonly circuit: LiveCircuit;
  /** A port, or host:port; localhost and 8770 by default. */
  readonly at: string | true;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly notice: (text: string) => void;
  readonly tls?: TlsFiles | undefined;
  /** Whether it may be reached from elsewhere without TLS. */
  readonly allowsPlain?: boolean;
  readonly clock?: Clock;
}

/** A circuit's page. */
export interface OpenPage {
  /** Where it is, with the token: this machine's own address first. */
  readonly addresses: readonly string[];
  close(): Promise<void>;
}

/** Beside those of the example's nodes, 8765 and 8766. */
const PORT = 8_770;

/**
 * Opens the page of a circuit.
 *
 * @throws {CircuitError} `USAGE`, `ADDRESS_BUSY`, `ADDRESS_INVALID`; what reading certificates throws.
 */
export async function openPage(options: OpenPageOptions): Promise<OpenPage> {
  const { circuit, env, notice, allowsPlain = false, clock = systemClock } = options;
  const place = parsePlace(options.at);
  const tls = options.tls && (await Tls.open(options.tls, { clock, notice }));
  const token = env.CIRCUIT_DASHBOARD_TOKEN || undefined;
  const dashboard = new Dashboard({
    ...{ circuit, clock, tls, allowsPlain, token, ...place },
    version: readVersion(),
  });
  const close = async () => {
    await dashboard.close();
    tls?.close();
  };
  try {
    return { addresses: await dashboard.open(), close };
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
