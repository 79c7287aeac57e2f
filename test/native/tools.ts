import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Something that native tests need and the Debian package that brings it. */
export interface Tool {
  /** A command on the path, or a file by its absolute path. */
  readonly name: string;
  readonly debianPackage: string;
}

/** What building and comparing firmware needs. */
export const FIRMWARE_TOOLS: readonly Tool[] = [
  { name: "make", debianPackage: "make" },
  { name: "avr-gcc", debianPackage: "gcc-avr" },
  { name: "/usr/lib/avr/include/avr/io.h", debianPackage: "avr-libc" },
  { name: "/usr/share/arduino/hardware/arduino/avr/platform.txt", debianPackage: "arduino-core-avr" },
];

/** What running firmware behind a pty needs. */
export const SIMAVR_TOOLS: readonly Tool[] = [
  { name: "make", debianPackage: "make" },
  { name: "cc", debianPackage: "gcc" },
  { name: "/usr/include/simavr/sim_avr.h", debianPackage: "libsimavr-dev" },
  { name: "/usr/include/libelf.h", debianPackage: "libelf-dev" },
];

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isThere(name: string): boolean {
  if (name.startsWith("/")) return existsSync(name);
  return (process.env.PATH ?? "").split(delimiter).some((folder) => isExecutable(join(folder, name)));
}

/** The Debian packages that bring what this machine lacks of `tools`, each once. */
export function missingPackages(tools: readonly Tool[]): string[] {
  return [...new Set(tools.filter(({ name }) => !isThere(name)).map(({ debianPackage }) => debianPackage))];
}

/**
 * The `skip` option of a test that needs `tools`: a reason that says how to get them, or `false` to run.
 *
 * In CI nothing is skipped, so that there a missing tool is a failure.
 */
export function skipWithout(...tools: readonly Tool[]): string | false {
  const packages = missingPackages(tools);
  if (packages.length === 0 || process.env.CI === "true") return false;
  return `not tested: apt-get install ${packages.join(" ")}`;
}
