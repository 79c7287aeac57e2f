import { randomBytes, randomUUID } from "node:crypto";
import { link, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import { describeFileProblem } from "../../core/file-problem.js";
import { type Key, type Keyring, Watchers } from "../safety/keyring.js";
import { readSafeFile } from "../safety/private-file.js";
import { openRuntimeDirectory } from "./runtime-directory.js";

/** Name of the secret's file in the runtime directory. */
const FILE = "secret";

/** Length of the secret, in bytes. */
const SECRET_BYTES = 32;

/**
 * Time between two looks whether the file is still there, in milliseconds: what tidies temporary folders up does not
 * know that nodes still run.
 */
const LOOK_MS = 5_000;

/** What the processes of one user on one machine know, and nobody else: all of them may speak for any name. */
export class MachineSecret implements Keyring {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #watchers = new Watchers();
  #key: Key;
  #stopLooking: () => void = () => {};
  #isClosed = false;

  /**
   * Reads the secret, or makes one where there is none.
   *
   * @param directory See `findRuntimeDirectory()`.
   * @throws {CircuitError} `FILE_FAILED` or `ACCESS_DENIED` where the folder or the file is not this user's alone.
   */
  static async open(directory: string, clock: Clock): Promise<MachineSecret> {
    await openRuntimeDirectory(directory);
    const secret = new MachineSecret(directory, clock, await agree(directory, randomBytes(SECRET_BYTES)));
    secret.#lookLater();
    return secret;
  }

  private constructor(directory: string, clock: Clock, key: Key) {
    this.#directory = directory;
    this.#clock = clock;
    this.#key = key;
  }

  /** The same for every name. */
  keysOf(): readonly Key[] {
    return [this.#key];
  }

  watch(changed: () => void): () => void {
    return this.#watchers.add(changed);
  }

  /** Puts the file back where it has gone, or takes the secret that others have agreed on since. Never rejects. */
  async look(): Promise<void> {
    try {
      await openRuntimeDirectory(this.#directory);
      const key = await agree(this.#directory, this.#key);
      if (Buffer.compare(key, this.#key) === 0 || this.#isClosed) return;
      this.#key = key;
      this.#watchers.tell();
    } catch {
      // The one that this process knows still counts.
    }
  }

  /** Looks no more. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#stopLooking();
  }

  #lookLater(): void {
    if (this.#isClosed) return;
    this.#stopLooking = this.#clock.after(LOOK_MS, () => {
      void this.look().then(() => this.#lookLater());
    });
  }
}

/** A secret for this process alone, where there is none that it could share: no other process is let in by it. */
export function ownSecret(): Keyring {
  const keys = [randomBytes(SECRET_BYTES)];
  return { keysOf: () => keys, watch: () => () => {} };
}

/** The secret of the folder; the offered one where there is none. Of many that offer at once, one is taken by all. */
async function agree(directory: string, offered: Key): Promise<Key> {
  const path = join(directory, FILE);
  const found = await findSecret(path);
  if (found) return found;
  await offer(directory, offered);
  const agreed = await findSecret(path);
  if (agreed) return agreed;
  throw new CircuitError("FILE_FAILED", `Cannot keep a secret in ${directory}: ${path} leads nowhere`, {
    hint: "Remove it.",
  });
}

/** Puts a secret there where there is none. */
async function offer(directory: string, offered: Key): Promise<void> {
  const path = join(directory, FILE);
  const beside = join(directory, `.${process.pid}-${randomUUID()}.tmp`);
  try {
    await writeFile(beside, offered, { mode: 0o600, flag: "wx" });
    // A link, in contrast to a rename, does not take the place of what is there.
    await link(beside, path).catch(acceptExisting);
  } catch (cause) {
    throw new CircuitError(
      "FILE_FAILED",
      `Cannot keep a secret in ${directory}: ${describeFileProblem(cause)}`,
      {
        hint: "See that this user may write there.",
        cause,
      },
    );
  } finally {
    await unlink(beside).catch(() => {});
  }
}

/** The secret that a file holds; `undefined` where there is no such file. */
async function findSecret(path: string): Promise<Key | undefined> {
  try {
    const { content } = await readSafeFile({ path, isPrivate: true });
    if (content.length === SECRET_BYTES) return content;
    throw new CircuitError(
      "FILE_FAILED",
      `Cannot use the secret ${path}: it has ${content.length} bytes instead of ${SECRET_BYTES}`,
      { hint: "Remove it: the next process makes another." },
    );
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  const { cause } = Object(error);
  return cause instanceof Error && "code" in cause && cause.code === "ENOENT";
}

function acceptExisting(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
}
