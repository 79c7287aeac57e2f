import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, extname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { CircuitError, messageOf } from "../core/error.js";
import type { CircuitDefinition, SecurityDefinition, Surroundings } from "./define.js";
import type { Modules } from "./modules.js";
import { checkCircuit, checkSurroundings } from "./schema.js";

/** Looked for in the current folder, and nowhere above it: a configuration is code. */
export const CONFIG_NAMES: readonly string[] = ["ts", "js", "json"].map(
  (ending) => `circuit.config.${ending}`,
);

/** The configuration of a folder, where it has one. */
export function findConfig(folder: string): string | undefined {
  return CONFIG_NAMES.map((name) => join(folder, name)).find((path) => existsSync(path));
}

/**
 * Loads a configuration file in TypeScript, JavaScript or JSON.
 *
 * @param modules Keeps what it imports, for the next time.
 * @throws {CircuitError} `CONFIG_INVALID` when it is missing, fails to load, could be changed by other users, or has
 *   mistakes.
 */
export async function loadConfig(path: string, modules?: Modules): Promise<CircuitDefinition> {
  const { value, beside } = await loadFile(path, CONFIGURATION, modules);
  const circuit = checkCircuit(value, path);
  const flows = Object.entries(circuit.flows ?? {}).map(
    ([name, flow]) => [name, { ...flow, file: beside(flow.file) }] as const,
  );
  return {
    ...circuit,
    ...(circuit.flows !== undefined && { flows: Object.fromEntries(flows) }),
    ...(circuit.wiring !== undefined && { wiring: beside(circuit.wiring) }),
    ...(circuit.security !== undefined && { security: withPaths(circuit.security, beside) }),
  };
}

/**
 * Loads what a configuration says of others; it may say nothing else.
 *
 * @throws {CircuitError} As `loadConfig()`.
 */
export async function loadSurroundings(path: string): Promise<Surroundings> {
  const { value, beside } = await loadFile(path, CONFIGURATION);
  const { grid, security } = checkSurroundings(value, path);
  return { ...(grid && { grid }), ...(security && { security: withPaths(security, beside) }) };
}

/**
 * What a file of code exports by default.
 *
 * @throws {CircuitError} `CONFIG_INVALID` when it is missing, fails to load, or could be changed by other users.
 */
export async function loadCode(path: string, kind: CodeKind): Promise<unknown> {
  return (await loadFile(path, kind)).value;
}

/** What is said of a kind of file where it cannot be loaded. */
export interface CodeKind {
  /** What it is: `a configuration`. */
  readonly noun: string;
  /** What to do where it is missing, one imperative sentence. */
  readonly choose: string;
  /** What it is to hold. */
  readonly holds: string;
}

const CONFIGURATION: CodeKind = {
  noun: "a configuration",
  choose: "Give the path of a configuration, or none to run the example circuit.",
  holds: "`export default defineCircuit({ … })`",
};

/** What a file holds, and how paths in it are meant. */
async function loadFile(
  path: string,
  kind: CodeKind,
  modules?: Modules,
): Promise<{ readonly value: unknown; readonly beside: (given: string) => string }> {
  const file = resolve(path);
  if (!existsSync(file)) {
    throw new CircuitError("CONFIG_INVALID", `Cannot load ${path}: there is no such file`, {
      hint: kind.choose,
    });
  }
  refuseUnsafe(file, path, kind);
  const beside = (given: string) => (isAbsolute(given) ? given : join(dirname(file), given));
  return { value: await loadValue(file, { path, kind, modules }), beside };
}

function withPaths(security: SecurityDefinition, beside: (given: string) => string): SecurityDefinition {
  const { credentials, tls } = security;
  const paths = Object.entries(tls ?? {}).map(([what, path]) => [what, beside(path)]);
  return {
    ...security,
    ...(credentials !== undefined && { credentials: beside(credentials) }),
    ...(tls !== undefined && { tls: Object.fromEntries(paths) }),
  };
}

/** A file that others may write is a way for them to run code as this user. */
function refuseUnsafe(file: string, path: string, { noun, choose }: CodeKind): void {
  const OTHERS_WRITE = 0o002;
  const found = statSync(file);
  if (!found.isFile()) {
    throw new CircuitError("CONFIG_INVALID", `Cannot load ${path}: it is no file`, { hint: choose });
  }
  if (process.platform === "win32" || (found.mode & OTHERS_WRITE) === 0) return;
  throw new CircuitError("CONFIG_INVALID", `Cannot load ${path}: every user of this machine may write it`, {
    hint: `Run \`chmod o-w ${path}\`: ${noun} is code.`,
  });
}

async function loadValue(
  file: string,
  {
    path,
    kind: { holds },
    modules,
  }: { readonly path: string; readonly kind: CodeKind; readonly modules: Modules | undefined },
): Promise<unknown> {
  const isJson = extname(file) === ".json";
  try {
    if (isJson) {
      const text = await readFile(file, "utf8");
      modules?.note(file, text);
      return JSON.parse(text);
    }
    if (modules) return await modules.load(file);
    const { createJiti } = await import("jiti");
    const jiti = createJiti(pathToFileURL(file).href, {
      alias: OWN_NAMES,
      moduleCache: false,
      fsCache: false,
    });
    const loaded: { readonly default?: unknown } = await jiti.import(file);
    return loaded.default;
  } catch (cause) {
    const problem = messageOf(cause).replace(/\s+/g, " ");
    throw new CircuitError("CONFIG_INVALID", `Cannot load ${path}: ${problem}${placeIn(cause, modules)}`, {
      hint: isJson
        ? 'Mend the file; it must hold one object, such as { "nodes": { … } }.'
        : `Mend the file; it must ${holds}.`,
      cause,
    });
  }
}

/** Where in which of the user's files something was thrown, unless its message says so. */
function placeIn(thrown: unknown, modules: Modules | undefined): string {
  if (!(thrown instanceof Error)) return "";
  const { message, stack = "" } = thrown;
  const file = modules?.files.find((path) => stack.includes(path) && !message.includes(path));
  const place = file && stack.slice(stack.indexOf(file)).match(/^[^\s)]*:\d+:\d+/)?.[0];
  return place === undefined ? "" : ` (${place})`;
}

/** `circuit-five` in a configuration is this very package, whether it is installed beside it or not. */
export const OWN_NAMES = {
  "circuit-five": ownModule("index.js"),
  "circuit-five/testing": ownModule("testing.js"),
};

function ownModule(name: string): string {
  return fileURLToPath(new URL(`../${name}`, import.meta.url));
}
