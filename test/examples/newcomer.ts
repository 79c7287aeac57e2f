import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { PLANTED, type Planted } from "./plant.js";

/** The five circuits, each with a wiring, a sketch, its test and a configuration. */
export const CIRCUITS = [
  "clock-pin-buzzer",
  "doorbell",
  "thermostat",
  "servo-sweep",
  "traffic-light",
] as const;

export type Circuit = (typeof CIRCUITS)[number];

/** A file of an example's folder. */
export function exampleUrl(circuit: Circuit, file: string): URL {
  return new URL(`../../../examples/${circuit}/${file}`, import.meta.url);
}

export interface NewcomerOptions {
  /** A .hex file. The project's own by default. */
  readonly firmware?: string;
  /** Only the test of this name. */
  readonly test?: string;
  readonly planted?: Planted;
}

/** Runs a circuit's own test, as a newcomer does, and resolves with what they read. */
export async function runNewcomersTest(
  circuit: Circuit,
  { firmware, test, planted }: NewcomerOptions = {},
): Promise<{ readonly code: number; readonly output: string }> {
  // Without what this runner tells its files, it is a runner of its own.
  const { NODE_TEST_CONTEXT: _, ...rest } = process.env;
  const env = {
    ...rest,
    ...(firmware !== undefined && { FIRMWARE: firmware }),
    ...(planted && { [PLANTED]: JSON.stringify(planted) }),
  };
  const args = [
    "--test-reporter=spec",
    ...(test === undefined ? [] : [`--test-name-pattern=^${test}$`]),
    ...(planted ? ["--import", new URL("./plant.js", import.meta.url).href] : []),
    fileURLToPath(exampleUrl(circuit, `${circuit}.test.js`)),
  ];
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "close")]);
  return { code, output };
}
