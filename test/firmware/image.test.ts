import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { CIRCUIT_UNO_HEX } from "../native/native.js";
import { FIRMWARE_TOOLS, skipWithout } from "../native/tools.js";

const folder = dirname(CIRCUIT_UNO_HEX);

interface ImageFacts {
  readonly flashBytes: number;
  readonly sramBytes: number;
  readonly compiler: string;
  readonly core: string;
}

function readFacts(): ImageFacts {
  return JSON.parse(readFileSync(join(folder, "circuit-uno.json"), "utf8"));
}

/** Bytes of program memory that an Intel HEX file fills. */
function flashBytesOf(hex: string): number {
  const lengths = hex.split(/\r?\n/).map((line) => (line.slice(7, 9) === "00" ? line.slice(1, 3) : "0"));
  return lengths.reduce((sum, length) => sum + Number.parseInt(length, 16), 0);
}

/** Why this machine cannot build the same bytes, or `false`. In CI it must. */
function skipWithOtherCompiler(): string | false {
  const missing = skipWithout(...FIRMWARE_TOOLS);
  if (missing || process.env.CI === "true") return missing;
  const { compiler } = readFacts();
  const found = `avr-gcc ${execFileSync("avr-gcc", ["-dumpversion"], { encoding: "utf8" }).trim()}`;
  return found === compiler ? false : `not tested: the image is of ${compiler}, this is ${found}`;
}

test("circuit-uno.hex fits the Uno and its description", () => {
  const { flashBytes, sramBytes } = readFacts();
  assert.equal(flashBytesOf(readFileSync(CIRCUIT_UNO_HEX, "utf8")), flashBytes);
  assert.ok(flashBytes <= 32_256, "flash beside the boot loader");
  assert.ok(sramBytes <= 2_048 - 512, "memory, with room for the stack");
});

test("circuit-uno.hex is what its sources build", { skip: skipWithOtherCompiler() }, (t) => {
  const output = mkdtempSync(join(tmpdir(), "circuit-firmware-"));
  t.after(() => rmSync(output, { recursive: true, force: true }));
  execFileSync("make", ["--silent", "-C", folder, `OUT=${output}`], { encoding: "utf8" });
  const built = readFileSync(join(output, "circuit-uno.hex"), "utf8");
  assert.equal(built, readFileSync(CIRCUIT_UNO_HEX, "utf8"));
});
