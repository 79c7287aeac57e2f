import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { FIRMWARE_TOOLS, missingPackages, SIMAVR_TOOLS, type Tool } from "./tools.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../..", import.meta.url));
const sources = join(root, "test", "native");
const output = join(root, "build");

/** The image of the project's own firmware for the Uno, as committed. */
export const CIRCUIT_UNO_HEX = join(root, "firmware", "circuit-uno.hex");

function newestSourceMs(): number {
  const files = readdirSync(sources, { recursive: true, encoding: "utf8" });
  const used = files.filter((name) => !name.endsWith(".ts"));
  return Math.max(...used.map((name) => statSync(join(sources, name)).mtimeMs));
}

/**
 * Builds one target of `test/native/Makefile` into `build/`, where it is missing or older than its sources.
 *
 * Built in a folder of its own and renamed into place: two test processes may do so at once.
 */
async function built(target: string, tools: readonly Tool[]): Promise<string> {
  const path = join(output, target);
  if (existsSync(path) && statSync(path).mtimeMs >= newestSourceMs()) return path;
  const packages = missingPackages(tools);
  if (packages.length > 0) {
    throw new Error(`Cannot build ${target}: this machine lacks ${packages.join(", ")}`);
  }
  mkdirSync(output, { recursive: true });
  const folder = mkdtempSync(join(output, "native-"));
  try {
    await run("make", ["--silent", "-C", sources, `OUT=${folder}`, join(folder, target)]);
    renameSync(join(folder, target), path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return path;
}

/** Path of the real StandardFirmata as Intel HEX, built from the sources in npm's node-pixel when stale. */
export function standardFirmataHex(): Promise<string> {
  return built("standard-firmata.hex", FIRMWARE_TOOLS);
}

/** The same as ELF. */
export function standardFirmataElf(): Promise<string> {
  return built("standard-firmata.elf", FIRMWARE_TOOLS);
}

/** Path of Optiboot, the boot loader of an Uno, built when stale. */
export function optibootHex(): Promise<string> {
  return built("optiboot.hex", FIRMWARE_TOOLS);
}

/** Path of the program that runs a firmware behind a pty, built when stale. */
export function simavrPty(): Promise<string> {
  return built("simavr-pty", SIMAVR_TOOLS);
}
