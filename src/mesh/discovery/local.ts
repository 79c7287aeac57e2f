import { type FSWatcher, watch } from "node:fs";
import { lstat, readdir, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import { describeFileProblem } from "../../core/file-problem.js";
import { type Advert, findAdvert } from "./advert.js";
import type { Identify } from "./discovery.js";
import { lifeOf, ownMark, type ProcessMark } from "./process-mark.js";
import { openRuntimeDirectory } from "./runtime-directory.js";
import type { Sightings, Source } from "./source.js";

export interface LocalSourceOptions {
  /** See `findRuntimeDirectory()`. */
  readonly directory: string;
  readonly clock: Clock;
  /** Asks who answers at an address, where a process's number does not tell. */
  readonly identify: Identify;
}

/**
 * Time between two looks at everything, in milliseconds. The system tells of files that come and go; a killed process
 * leaves its file, and only a look finds that nobody stands behind it.
 */
export const RESCAN_MS = 5_000;

/** Longest file that is read, in bytes: sixteen addresses and four texts have room. */
const MOST_BYTES = 16_384;

/** Files that are read: as many nodes as one machine has ports for. */
const MOST_FILES = 65_536;

const FILE = /^([0-9a-f-]{36})\.json$/;
const UNFINISHED = /^\.(\d+)-[0-9a-f-]{36}\.tmp$/;

interface Known {
  readonly advert: Advert;
  readonly mark: ProcessMark;
}

/** The nodes of this user on this machine: each leaves a file in a folder that is nobody else's. */
export class LocalSource implements Source {
  readonly name = "local";
  readonly #options: LocalSourceOptions;
  /** What the files say, by boot id. */
  readonly #known = new Map<string, Known>();
  readonly #published = new Map<string, Advert>();
  #sightings: Sightings | undefined;
  #watcher: FSWatcher | undefined;
  #stopRescan: () => void = () => {};
  /** Looks happen one after the other. */
  #looking: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: LocalSourceOptions) {
    this.#options = options;
  }

  async start(sightings: Sightings): Promise<void> {
    await openRuntimeDirectory(this.#options.directory);
    this.#sightings = sightings;
    this.#watch();
    await this.#look(() => this.#scan());
    this.#rescanLater();
  }

  async publish(advert: Advert): Promise<() => Promise<void>> {
    await this.#write(advert);
    this.#published.set(advert.boot, advert);
    return async () => {
      this.#published.delete(advert.boot);
      await remove(this.#pathOf(advert.boot));
    };
  }

  async revise(advert: Advert): Promise<void> {
    if (!this.#published.has(advert.boot)) return;
    this.#published.set(advert.boot, advert);
    await this.#write(advert).catch(() => {}); // they learn it when they ask the node itself
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopRescan();
    this.#watcher?.close();
    await this.#looking;
    const boots = [...this.#published.keys()];
    this.#published.clear();
    await Promise.all(boots.map((boot) => remove(this.#pathOf(boot))));
  }

  /** Looks at everything again. */
  rescan(): Promise<void> {
    return this.#look(() => this.#scan());
  }

  #pathOf(boot: string): string {
    return join(this.#options.directory, `${boot}.json`);
  }

  /** Writes beside, then renames: who reads finds all of it or nothing. */
  async #write(advert: Advert): Promise<void> {
    const { directory } = this.#options;
    const beside = join(directory, `.${process.pid}-${advert.boot}.tmp`);
    try {
      await writeFile(beside, `${JSON.stringify({ ...advert, process: ownMark() })}\n`, { mode: 0o600 });
      await rename(beside, this.#pathOf(advert.boot));
    } catch (cause) {
      throw new CircuitError(
        "FILE_FAILED",
        `Cannot announce ${advert.name} in ${directory}: ${describeFileProblem(cause)}`,
        { hint: "See that this user may write there.", cause },
      );
    }
  }

  #watch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    try {
      const watcher = watch(this.#options.directory, { persistent: false }, (_, file) => {
        const [, boot] = FILE.exec(file ?? "") ?? [];
        if (boot !== undefined) void this.#look(() => this.#read(boot));
      });
      // Too many are watched on this machine, or the folder has gone: the next look at everything has to do.
      watcher.on("error", () => watcher.close());
      this.#watcher = watcher;
    } catch {}
  }

  #rescanLater(): void {
    if (this.#isClosed) return;
    this.#stopRescan = this.#options.clock.after(RESCAN_MS, () => {
      void this.rescan().then(() => this.#rescanLater());
    });
  }

  #look(at: () => Promise<void>): Promise<void> {
    this.#looking = this.#looking.then(async () => {
      // What cannot be read now is read at the next look.
      if (!this.#isClosed) await at().catch(() => {});
    });
    return this.#looking;
  }

  async #scan(): Promise<void> {
    const files = await this.#list();
    const boots = new Set<string>();
    for (const file of files.slice(0, MOST_FILES)) {
      const [, boot] = FILE.exec(file) ?? [];
      if (boot !== undefined) boots.add(boot);
      else await this.#removeUnfinished(file);
    }
    for (const boot of this.#known.keys()) if (!boots.has(boot)) this.#forget(boot);
    for (const boot of boots) {
      const known = this.#known.get(boot);
      if (known) await this.#check(boot, known);
      else await this.#read(boot);
    }
    // What tidies temporary folders up does not know that a node still runs.
    for (const [boot, advert] of this.#published) if (!boots.has(boot)) await this.#write(advert);
  }

  async #list(): Promise<readonly string[]> {
    const { directory } = this.#options;
    try {
      return await readdir(directory);
    } catch {
      await openRuntimeDirectory(directory);
      this.#watch();
      return readdir(directory);
    }
  }

  async #read(boot: string): Promise<void> {
    const found = await readWord(this.#pathOf(boot));
    if (found === undefined || found.advert.boot !== boot) this.#forget(boot);
    else await this.#check(boot, found);
  }

  /** Tells of a node that lives, and removes what a dead one left. */
  async #check(boot: string, found: Known): Promise<void> {
    if (lifeOf(found.mark) === "running" || (await this.#answers(found.advert))) {
      // The one that it takes the place of may have been killed.
      if (!this.#known.has(boot)) await this.#checkNamesakes(found.advert);
      this.#known.set(boot, found);
      this.#sightings?.announce(found.advert);
      return;
    }
    this.#forget(boot);
    await remove(this.#pathOf(boot));
  }

  async #checkNamesakes({ name }: Advert): Promise<void> {
    for (const [boot, known] of this.#known) {
      if (known.advert.name === name && lifeOf(known.mark) === "gone") await this.#check(boot, known);
    }
  }

  async #answers({ name, boot, addresses }: Advert): Promise<boolean> {
    const answer = await this.#options.identify(name, addresses[0] ?? "");
    // Silence is no proof of death, and a refusal is the word of somebody who lives.
    if (answer.kind === "node") return answer.boot === boot;
    return answer.kind === "silent" || answer.kind === "denied";
  }

  #forget(boot: string): void {
    if (this.#known.delete(boot)) this.#sightings?.forget(boot);
  }

  /** A process that was killed while it wrote leaves this. */
  async #removeUnfinished(file: string): Promise<void> {
    const [, pid] = UNFINISHED.exec(file) ?? [];
    if (pid !== undefined && lifeOf({ pid: Number(pid) }) === "gone") {
      await remove(join(this.#options.directory, file));
    }
  }
}

/** Reads one file; `undefined` for what no node of ours has left. */
async function readWord(path: string): Promise<Known | undefined> {
  try {
    const { size, uid } = await lstat(path).then((found) =>
      found.isFile() ? found : { size: Number.POSITIVE_INFINITY, uid: -1 },
    );
    if (size > MOST_BYTES || (process.getuid && uid !== process.getuid())) return undefined;
    const value: { readonly process?: unknown } = Object(JSON.parse(await readFile(path, "utf8")));
    const advert = findAdvert(value);
    const mark = findMark(value.process);
    return advert && mark && { advert, mark };
  } catch {
    return undefined;
  }
}

function findMark(value: unknown): ProcessMark | undefined {
  const { pid, started }: { readonly pid?: unknown; readonly started?: unknown } = Object(value);
  // 0 and below would ask for groups of processes.
  if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid < 1) return undefined;
  return { pid, ...(typeof started === "string" && { started }) };
}

async function remove(path: string): Promise<void> {
  await unlink(path).catch(() => {});
}
