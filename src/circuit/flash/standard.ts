import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { baudOf, parseAddress } from "../../board/link/address.js";
import type { Clock } from "../../core/clock.js";
import { CircuitError, messageOf } from "../../core/error.js";
import { type FlashReport, findPort, greet } from "./flash.js";

export interface StandardOptions {
  /** Address of the board: a port, `auto` or `serial:NUMBER`. */
  readonly address: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly report: (event: FlashReport | StandardReport) => void;
  /** Takes what arduino-cli says, as it says it. */
  readonly output: (chunk: Uint8Array) => void;
}

/** What a person is told, beside the board's greeting. */
export type StandardReport =
  /** A command that is run now. */
  | { readonly type: "command"; readonly command: string }
  /** arduino-cli is not installed: what is to be done by hand. */
  | { readonly type: "steps"; readonly steps: readonly string[] };

const STEPS: readonly string[] = [
  "In the Arduino IDE open File > Examples > Firmata > StandardFirmata.",
  "Choose your board under Tools > Board, and its port under Tools > Port.",
  'Press Upload, and wait for "Done uploading".',
];

/** Boards in the order in which an upload is tried: they differ in their boot loader only. */
const BOARDS = ["arduino:avr:uno", "arduino:avr:nano:cpu=atmega328old"] as const;

/**
 * Flashes the StandardFirmata of the Firmata library by arduino-cli, and waits until it greets.
 *
 * @returns Whether it was flashed; where arduino-cli is not installed, the steps of the Arduino IDE are reported instead.
 * @throws {CircuitError} `FLASH_FAILED` where arduino-cli fails; `USAGE`, `PORT_MISSING`, `PORT_AMBIGUOUS`; what
 *   `openSession()` throws; the signal's own reason.
 */
export async function flashStandard(options: StandardOptions): Promise<boolean> {
  const { report } = options;
  const address = parseAddress(options.address);
  const baud = baudOf(address);
  const path = await findPort(address);
  const arduino = new ArduinoCli(options);
  if (!(await arduino.isInstalled())) {
    report({ type: "steps", steps: STEPS });
    return false;
  }
  const folder = await mkdtemp(join(tmpdir(), "circuit-standard-"));
  try {
    await arduino.run("core", "install", "arduino:avr");
    await arduino.run("lib", "install", "Firmata", "Servo");
    const user = await arduino.ask("config", "get", "directories.user");
    const sketch = join(user, "libraries", "Firmata", "examples", "StandardFirmata");
    await arduino.run("compile", "--fqbn", BOARDS[0], "--output-dir", folder, sketch);
    await upload(arduino, path, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  await greet(path, baud, { ...options, isOurs: true });
  return true;
}

async function upload(arduino: ArduinoCli, path: string, folder: string): Promise<void> {
  const [uno, oldNano] = BOARDS.map((board) => [
    ...["upload", "--fqbn", board],
    ...["--port", path, "--input-dir", folder],
  ]);
  if (!uno || !oldNano) return;
  try {
    await arduino.run(...uno);
  } catch (error) {
    if (!(error instanceof CircuitError) || error.code !== "FLASH_FAILED") throw error;
    await arduino.run(...oldNano);
  }
}

/** The program `arduino-cli` on the path. */
class ArduinoCli {
  readonly #options: Pick<StandardOptions, "env" | "signal" | "report" | "output">;

  constructor(options: StandardOptions) {
    this.#options = options;
  }

  async isInstalled(): Promise<boolean> {
    return this.#start(["version"], () => {}).then(
      () => true,
      () => {
        this.#options.signal.throwIfAborted();
        return false;
      },
    );
  }

  /** Runs a command, which is shown with what it says. */
  async run(...args: readonly string[]): Promise<void> {
    this.#options.report({ type: "command", command: ["arduino-cli", ...args].join(" ") });
    await this.#start(args, this.#options.output);
  }

  /** What a command says, without the space around it. */
  async ask(...args: readonly string[]): Promise<string> {
    const chunks: Uint8Array[] = [];
    await this.#start(args, (chunk) => chunks.push(chunk));
    return Buffer.concat(chunks).toString("utf8").trim();
  }

  async #start(args: readonly string[], output: (chunk: Uint8Array) => void): Promise<void> {
    const { env, signal } = this.#options;
    signal.throwIfAborted();
    const child = spawn("arduino-cli", args, { env, signal, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.on("data", output);
    child.stderr.on("data", this.#options.output);
    const [code] = await once(child, "close").catch((cause: unknown) => {
      signal.throwIfAborted();
      throw this.#failure(args, messageOf(cause), cause);
    });
    if (code !== 0) throw this.#failure(args, `it ended with code ${code}`);
  }

  #failure(args: readonly string[], problem: string, cause?: unknown): CircuitError {
    return new CircuitError(
      "FLASH_FAILED",
      `Cannot flash StandardFirmata by arduino-cli ${args[0]}: ${problem}`,
      {
        hint: "See what it says above, or flash it with the Arduino IDE.",
        cause,
      },
    );
  }
}
