import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { systemClock } from "../../../src/core/clock.js";
import { CircuitError } from "../../../src/core/error.js";
import { openSafety, type Safety, type SafetyOptions } from "../../../src/mesh/ws/safety.js";
import { WsMesh, type WsMeshOptions } from "../../../src/mesh/ws/ws-mesh.js";
import { temporaryFolder } from "../../temporary-folder.js";

/** A secret of a name, and a part of it that nothing else says: what must never be seen. */
export const secretOf = (name: string, how = "") => `s3cr3t-${name}${how}-0123456789`;
export const TRACE = /s3cr3t/;

export function writeCredentials(path: string, secrets: object, mode = 0o600): string {
  rmSync(path, { force: true });
  writeFileSync(path, JSON.stringify(secrets), { mode });
  return path;
}

/** Secrets of these names, each the name's own. */
export function secretsOf(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, secretOf(name)]));
}

/** One machine of a test: its own credentials, its own mesh, and what it tells a person. */
export interface Machine {
  readonly mesh: WsMesh;
  readonly safety: Safety;
  readonly notices: string[];
  /** Path of its credentials. */
  readonly path: string;
}

export async function machine(
  context: TestContext,
  secrets: object | undefined,
  {
    safety: safetyOptions = {},
    ...options
  }: Omit<WsMeshOptions, "safety"> & { readonly safety?: Partial<SafetyOptions> } = {},
): Promise<Machine> {
  const folder = temporaryFolder();
  const path = join(folder, "credentials.json");
  if (secrets !== undefined) writeCredentials(path, secrets);
  const notices: string[] = [];
  const safety = await openSafety({
    ...(secrets !== undefined && { credentials: path }),
    clock: systemClock,
    notice: (text) => void notices.push(text),
    ...safetyOptions,
  });
  const mesh = new WsMesh({ ...options, safety, limits: { closeMs: 50, ...options.limits } });
  context.after(() => mesh.close());
  return { mesh, safety, notices, path };
}

/** The code of the error that a Promise rejects with, and all that it says. */
export async function refusal(promise: Promise<unknown>): Promise<{ code: string; text: string }> {
  try {
    return { code: `no error but ${String(await promise)}`, text: "" };
  } catch (error) {
    if (!(error instanceof CircuitError)) throw error;
    return { code: error.code, text: `${error.message} ${error.hint} ${error.stack}` };
  }
}
