import { parseAddress } from "../board/link/address.js";
import { loadWiring } from "../circuit/boards.js";
import type { CircuitDefinition, SketchSource } from "../config/define.js";
import { loadConfig } from "../config/load.js";
import { checkCircuit } from "../config/schema.js";
import { CircuitError } from "../core/error.js";
import { openReplay, type Replay } from "../record/replay.js";
import type { Hand } from "./hand.js";
import { isRecorded, placeParts } from "./real-parts.js";
import { Rig } from "./rig.js";
import { RunningCircuit } from "./running.js";

export interface EmulateOptions {
  /** A .hex file, by its path or as its bytes. The project's own firmware by default. */
  readonly firmware?: string | Uint8Array;
  /** Makes sketches' random draws, and the noise of the line, repeatable. The circuit's own by default, or 1. */
  readonly seed?: number;
  /**
   * Path of a file that the run is recorded to; one that is there is replaced. In virtual time, the same circuit, firmware,
   * seed and test give the same bytes.
   */
  readonly record?: string;
  /**
   * Addresses of boards in place of emulated ones, by the names of the circuit's: `{ desk: "/dev/ttyACM0" }`. What is
   * `undefined` stays emulated; where anything but a recorded board is real, all runs in real time.
   */
  readonly boards?: Readonly<Record<string, string | undefined>>;
  /** Where nodes of other processes are, in place of the circuit's own of these names: `{ buzzer: "ws://pi:8766" }`. */
  readonly grid?: Readonly<Record<string, string | undefined>>;
  /** NATS servers that carry the messages to nodes of other processes; those of `grid` are found there. */
  readonly mesh?: string | undefined;
  /** Moves the parts of real boards for `press()` and its like. */
  readonly hand?: Hand | undefined;
}

export interface EmulateSketchOptions extends EmulateOptions {
  /** The sketch that runs on the wiring, as the node `sketch`. */
  readonly sketch: SketchSource;
  /** Address of a board in place of the emulated one; see `boards`. */
  readonly board?: string | undefined;
}

const SEED = 1;

/** Which circuit has this process's time. */
let running: string | undefined;

/**
 * Runs one sketch on an emulated Uno with the parts of a wiring, in virtual time, and resolves when it is set up.
 *
 * The process's timers are virtual from then on, until the rig is closed: `await using rig = await emulate(…)`. One rig
 * at a time; files, sockets and workers get no virtual time, so await them outside.
 *
 * @param wiring Path of a diagram in Wokwi's format.
 * @throws {CircuitError} `USAGE` while another rig is open, and what `runCircuit()` throws; then nothing stays open.
 */
export async function emulate(wiring: string, options: EmulateSketchOptions): Promise<Rig>;
/**
 * Runs a whole circuit on emulated Unos, whatever addresses its boards have but for recorded ones, over a mesh in memory;
 * on real boards and with nodes of other processes where `boards`, `grid` or `mesh` say where these are.
 *
 * @param circuit A definition, or the path of a configuration.
 */
export async function emulate(circuit: string | CircuitDefinition, options?: EmulateOptions): Promise<Rig>;
export async function emulate(
  circuit: string | CircuitDefinition,
  options: EmulateOptions & Partial<EmulateSketchOptions> = {},
): Promise<Rig> {
  const name = typeof circuit === "string" ? circuit : "a circuit";
  if (running !== undefined) {
    throw new CircuitError(
      "USAGE",
      `Cannot emulate ${name}: ${running} is being emulated, and virtual time is the whole process's`,
      { hint: "Close the other rig first: `await rig.close()`, or `await using rig = await emulate(…)`." },
    );
  }
  running = name;
  const release = () => {
    running = undefined;
  };
  try {
    return await start(circuit, options, release);
  } catch (error) {
    release();
    throw error;
  }
}

async function start(
  circuit: string | CircuitDefinition,
  options: EmulateOptions & Partial<EmulateSketchOptions>,
  release: () => void,
): Promise<Rig> {
  const { firmware, record } = options;
  const whole = await load(circuit, options.sketch);
  const { definition, real } = await placeParts(whole, options);
  const wiring = definition.wiring === undefined ? undefined : await loadWiring(definition.wiring);
  const replays = await openReplays(definition);
  const running = new RunningCircuit({
    ...{ definition, wiring, firmware, replays, record, real },
    seed: options.seed ?? definition.seed ?? SEED,
  });
  try {
    await running.start();
  } catch (error) {
    await running.close();
    throw error;
  }
  return new Rig(running, release);
}

/** The recorded boards of a circuit, read before its time begins. */
async function openReplays({ boards = {} }: CircuitDefinition): Promise<ReadonlyMap<string, Replay>> {
  const replays = new Map<string, Replay>();
  for (const [name, address] of Object.entries(boards)) {
    if (!isRecorded(address)) continue;
    const { target, settings } = parseAddress(address);
    replays.set(name, await openReplay(target, { address, board: settings.get("board") }));
  }
  return replays;
}

function load(
  circuit: string | CircuitDefinition,
  sketch: SketchSource | undefined,
): Promise<CircuitDefinition> | CircuitDefinition {
  if (typeof circuit !== "string") return checkCircuit(circuit, "this circuit");
  if (sketch === undefined) return loadConfig(circuit);
  return { wiring: circuit, nodes: { sketch: { sketch } } };
}
