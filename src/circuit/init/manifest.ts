import { basename, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { CircuitError } from "../../core/error.js";
import { readVersion } from "../version.js";

/** What of a package.json is read and written here. */
export interface Manifest {
  readonly name?: string;
  readonly type?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const OURS = "circuit-five";

/** Folder of the package that this code is of. */
const INSTALLED = fileURLToPath(new URL("../../../..", import.meta.url));

/** The script that `npm init` writes where nothing was asked for. */
const NO_TEST = 'echo "Error: no test specified" && exit 1';

/** Longest name that npm admits, in characters. */
const LONGEST_NAME = 214;

/** The package.json of a new project in a folder: the template's, with a name and the circuit-five that runs here. */
export function newManifest(template: Manifest, folder: string): Manifest {
  const name = packageName(basename(folder));
  return { ...template, ...(name !== "" && { name }), dependencies: { [OURS]: versionFor(folder) } };
}

/** What of a package.json that is there contradicts the project's; where that is nothing, it can be completed. */
export function contradictions(there: Manifest, project: Manifest, isFolderBare: boolean): string[] {
  const scripts = Object.entries(project.scripts ?? {})
    .filter(([name, script]) => ![undefined, NO_TEST, script].includes(there.scripts?.[name]))
    .map(([name]) => `the script "${name}" of package.json`);
  // npm init writes "commonjs" unasked. Beside code of another's it means something.
  const isOtherType = there.type !== project.type && !isFolderBare;
  return isOtherType ? [...scripts, `package.json without "type": "${project.type}"`] : scripts;
}

/** A package.json that is there, with what the project needs and all that it had. */
export function completed(there: Manifest, project: Manifest): Manifest {
  const hasOurs = there.dependencies?.[OURS] !== undefined || there.devDependencies?.[OURS] !== undefined;
  return {
    ...there,
    ...(project.type !== undefined && { type: project.type }),
    scripts: { ...there.scripts, ...project.scripts },
    ...(!hasOurs && { dependencies: { ...there.dependencies, ...project.dependencies } }),
  };
}

/**
 * Reads a package.json.
 *
 * @throws {CircuitError} `CONFIG_INVALID` where it is none.
 */
export function parseManifest(text: string, path: string): Manifest {
  const hint = "Mend it, or name another folder.";
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CircuitError("CONFIG_INVALID", `Cannot complete ${path}: it is not JSON`, { hint, cause });
  }
  if (!isRecord(value) || !["scripts", "dependencies", "devDependencies"].every((key) => isTable(value[key])))
    throw new CircuitError("CONFIG_INVALID", `Cannot complete ${path}: npm could not read it`, { hint });
  return value;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTable(value: unknown): boolean {
  return (
    value === undefined || (isRecord(value) && Object.values(value).every((each) => typeof each === "string"))
  );
}

/** What npm admits as a package's name, as near to the folder's as can be; empty where nothing is left of it. */
function packageName(folder: string): string {
  return folder
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+|-+$/g, "")
    .slice(0, LONGEST_NAME);
}

/** Which circuit-five the project asks for: this version, or this very folder where it is a clone and not installed. */
function versionFor(folder: string): string {
  if (INSTALLED.split(sep).includes("node_modules")) return `^${readVersion()}`;
  return `file:${relative(folder, INSTALLED).split(sep).join("/")}`;
}
