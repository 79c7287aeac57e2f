import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../temporary-folder.js";

export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

export interface PackedFile {
  readonly path: string;
  readonly size: number;
  readonly mode: number;
}

/** What `npm pack` makes of dist/ as it is. */
export interface Packed {
  /** Path of the .tgz file. */
  readonly tarball: string;
  readonly bytes: number;
  readonly files: readonly PackedFile[];
}

/** Packs without building anew: other tests run what is built. */
export function pack(): Packed {
  const folder = temporaryFolder();
  const args = ["pack", ROOT, "--ignore-scripts", "--json", "--pack-destination", folder];
  const told: unknown = JSON.parse(execFileSync("npm", args, { encoding: "utf8", env: withThisNode() }));
  // npm tells a list of packages, and since version 12 a table by their names.
  const [{ filename, size, files }] = Object.values(told as object);
  return { tarball: join(folder, basename(filename)), bytes: size, files };
}

/** An environment in which `node` is the one that runs this test, and npm's own settings are not handed on. */
export function withThisNode(): NodeJS.ProcessEnv {
  const others = Object.keys(process.env).filter((name) => /^(npm_|NODE_|CIRCUIT_)/i.test(name));
  return {
    ...process.env,
    ...Object.fromEntries(others.map((name) => [name, undefined])),
    PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
  };
}

interface LockedPackage {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly hasInstallScript?: boolean;
  readonly deprecated?: string;
}

/** What is installed with the package, by its path in the lock file. */
export function dependencies(): Map<string, LockedPackage> {
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  const locked = new Map<string, LockedPackage>(Object.entries(lock.packages));
  const found = new Map<string, LockedPackage>();
  const visit = (from: string) => {
    for (const name of Object.keys(locked.get(from)?.dependencies ?? {})) {
      const path = find(name, from);
      const each = locked.get(path);
      if (each === undefined) throw new Error(`${from} needs ${name}, which the lock file does not have`);
      if (found.has(path)) continue;
      found.set(path, each);
      visit(path);
    }
  };
  /** As Node finds it: in the package's own folder, then in each above it. */
  const find = (name: string, from: string): string => {
    const path = `${from === "" ? "" : `${from}/`}node_modules/${name}`;
    if (from === "" || locked.has(path)) return path;
    return find(name, from.slice(0, Math.max(0, from.lastIndexOf("/node_modules/"))));
  };
  visit("");
  return found;
}

/** Puts a packed package and its dependencies into a folder as npm would, without a registry. */
export function install({ tarball }: Packed, folder: string): void {
  const modules = join(folder, "node_modules");
  const ours = join(modules, "circuit-five");
  mkdirSync(ours, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", ours, "--strip-components=1"]);
  for (const path of dependencies().keys()) {
    // What is in another one's folder comes with it.
    if (path.lastIndexOf("node_modules/") === 0)
      cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  }
  mkdirSync(join(modules, ".bin"));
  const main = join(ours, "dist/src/cli/main.js");
  chmodSync(main, 0o755);
  symlinkSync(main, join(modules, ".bin/circuit"));
}
