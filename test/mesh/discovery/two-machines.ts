import type { TestContext } from "node:test";
import { Running } from "../../cli/cli.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { addressOf, joinHosts, skipWithoutNamespaces, within } from "../namespaces.js";

export const NEAR = addressOf(0);
export const FAR = addressOf(1);

/** Why there can be no two machines here, as `skip` wants it. */
export const skip = skipWithoutNamespaces;

/** Two machines on one cable, which have no files in common. */
export function joinTwo(
  context: TestContext,
  env: Partial<Record<"near" | "far", Readonly<Record<string, string>>>> = {},
) {
  const [near = "", far = ""] = joinHosts(context, 2);
  const spaces = { near, far };
  const runtimes = { near: temporaryFolder(), far: temporaryFolder() };
  const run = (at: "near" | "far", args: readonly string[]) =>
    new Running(context, [...within(spaces[at]), process.execPath, ...args], {
      env: { XDG_RUNTIME_DIR: runtimes[at], ...env[at] },
    });
  return {
    near: (...args: string[]) => run("near", args),
    far: (...args: string[]) => run("far", args),
    spaces,
  };
}
