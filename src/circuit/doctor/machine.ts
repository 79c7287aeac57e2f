import { constants } from "node:fs";
import { access, readdir, readFile, readlink, realpath, stat } from "node:fs/promises";
import { join } from "node:path";

/** A process that somebody may want to know of. */
export interface SeenProcess {
  readonly pid: number;
  readonly name: string;
}

/** What Linux tells of itself in files; other systems have none of them, and nothing is found. */
export class Machine {
  readonly #proc: string;
  readonly #etc: string;

  /** @param root Where the system's files are: for tests. */
  constructor(root = "/") {
    this.#proc = join(root, "proc");
    this.#etc = join(root, "etc");
  }

  /** Processes of these names. */
  async running(names: ReadonlySet<string>): Promise<SeenProcess[]> {
    const all = await Promise.all((await this.#pids()).map((pid) => this.#process(pid)));
    return all.filter(({ name }) => names.has(name));
  }

  /** Processes that have a file open, as far as this user may see. */
  async holding(path: string): Promise<SeenProcess[]> {
    const real = await realpath(path).catch(() => path);
    const pids = await this.#pids();
    const holds = await Promise.all(pids.map((pid) => this.#holds(pid, real)));
    return Promise.all(pids.filter((_, at) => holds[at]).map((pid) => this.#process(pid)));
  }

  /** Name of the group that a file belongs to: its number where it has none. */
  async groupOf(path: string): Promise<string> {
    const { gid } = await stat(path);
    const text = await readFile(join(this.#etc, "group"), "utf8").catch(() => "");
    const line = text.split("\n").find((group) => group.split(":")[2] === `${gid}`);
    return line?.split(":")[0] ?? `${gid}`;
  }

  /** Whether this user may read and write a file. */
  mayUse(path: string): Promise<boolean> {
    return access(path, constants.R_OK | constants.W_OK).then(
      () => true,
      () => false,
    );
  }

  async #pids(): Promise<number[]> {
    const entries = await readdir(this.#proc).catch(() => []);
    return entries.filter((entry) => /^\d+$/.test(entry)).map(Number);
  }

  async #process(pid: number): Promise<SeenProcess> {
    const comm = await readFile(join(this.#proc, `${pid}`, "comm"), "utf8").catch(() => "");
    return { pid, name: comm.trim() };
  }

  async #holds(pid: number, path: string): Promise<boolean> {
    const folder = join(this.#proc, `${pid}`, "fd");
    const open = await readdir(folder).catch(() => []);
    const links = await Promise.all(open.map((fd) => readlink(join(folder, fd)).catch(() => "")));
    return links.includes(path);
  }
}
