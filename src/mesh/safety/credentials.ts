import { createHash, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import { FreshFiles } from "./fresh-files.js";
import { type Key, type Keyring, MOST_KEYS, Watchers } from "./keyring.js";

/** Shortest secret, in bytes: 128 bits where they are random. */
const LEAST_BYTES = 16;

/** Longest secret, in bytes: as long as a text in a greeting may be. */
const MOST_BYTES = 255;

/** What a header can carry, without spaces: RFC 9110 section 5.5. */
const VISIBLE = /^[\x21-\x7e]+$/;

/** The secrets of nodes, by their names. */
export type Secrets = ReadonlyMap<string, readonly Key[]>;

/**
 * Reads credentials: a JSON object of a secret, or a list of them, for each name.
 *
 * @param source Where they came from, for the message, which never holds a secret.
 * @throws {CircuitError} `CONFIG_INVALID`.
 */
export function parseCredentials(text: string, source: string): Secrets {
  const invalid = (problem: string) =>
    new CircuitError("CONFIG_INVALID", `Cannot use ${source}: ${problem}`, {
      hint: 'Write it like { "iopin": "…", "buzzer": "…" }, each secret made by `openssl rand -base64 32`.',
    });
  const value = parseObject(text);
  if (value === undefined) throw invalid("it is no JSON object");
  const secrets = new Map<string, readonly Key[]>();
  const seen = new Map<string, string>();
  for (const [name, found] of Object.entries(value)) {
    const length = Buffer.byteLength(name);
    if (name === "*" || length === 0 || length > MOST_BYTES)
      throw invalid(
        `one of its names, of ${length} bytes, is none of a node: 1 to ${MOST_BYTES} bytes, and no *`,
      );
    const texts: readonly unknown[] = Array.isArray(found) ? found : [found];
    if (texts.length === 0 || texts.length > MOST_KEYS)
      throw invalid(`${name} has ${texts.length} secrets instead of 1 to ${MOST_KEYS}`);
    const keys = texts.map((secret) => {
      if (typeof secret !== "string" || !VISIBLE.test(secret))
        throw invalid(`a secret of ${name} is no text of visible ASCII without spaces`);
      if (secret.length < LEAST_BYTES || secret.length > MOST_BYTES)
        throw invalid(
          `a secret of ${name} has ${secret.length} characters instead of ${LEAST_BYTES} to ${MOST_BYTES}`,
        );
      const other = seen.get(secret);
      if (other !== undefined) throw invalid(`${other} and ${name} have a secret in common`);
      seen.set(secret, name);
      return Buffer.from(secret);
    });
    secrets.set(name, keys);
  }
  if (secrets.size === 0) throw invalid("it names nobody");
  return secrets;
}

/** The object that a text of JSON is. The parser's own words would repeat the text, and with it a secret. */
function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A secret that a token is compared with. */
interface Token {
  readonly name: string;
  readonly digest: Buffer;
}

/** The credentials of a file, which follow it when it changes. */
export class Credentials implements Keyring {
  readonly #file: FreshFiles<Secrets>;
  readonly #watchers = new Watchers();
  #secrets: Secrets;
  #tokens: readonly Token[];

  /** @throws {CircuitError} `CONFIG_INVALID`; `FILE_FAILED` or `ACCESS_DENIED`, as of `readSafeFile()`. */
  static async open(
    path: string,
    { clock, notice }: { readonly clock: Clock; readonly notice: (text: string) => void },
  ): Promise<Credentials> {
    const file = await FreshFiles.open<Secrets>({
      what: "the credentials",
      files: [{ path, isPrivate: true }],
      parse: ([content]) => parseCredentials(content?.toString() ?? "", path),
      clock,
      notice,
    });
    return new Credentials(file);
  }

  private constructor(file: FreshFiles<Secrets>) {
    this.#file = file;
    this.#secrets = file.value;
    this.#tokens = tokensOf(file.value);
    file.follow((secrets) => {
      this.#secrets = secrets;
      this.#tokens = tokensOf(secrets);
      this.#watchers.tell();
    });
  }

  keysOf(name: string): readonly Key[] {
    return this.#secrets.get(name) ?? [];
  }

  watch(changed: () => void): () => void {
    return this.#watchers.add(changed);
  }

  /** The name whose secret a bearer token is; compared with all of them, whichever it is. */
  nameOf(token: string): string | undefined {
    const digest = digestOf(Buffer.from(token));
    let name: string | undefined;
    for (const known of this.#tokens) if (timingSafeEqual(known.digest, digest)) name = known.name;
    return name;
  }

  /** Looks whether the file has changed, now. Never rejects. */
  look(): Promise<void> {
    return this.#file.look();
  }

  /** Follows the file no more. Idempotent. */
  close(): void {
    this.#file.close();
  }
}

function tokensOf(secrets: Secrets): readonly Token[] {
  return [...secrets].flatMap(([name, keys]) => keys.map((key) => ({ name, digest: digestOf(key) })));
}

/** Digests have one length, whatever a stranger's token has. */
function digestOf(secret: Uint8Array): Buffer {
  return createHash("sha256").update(secret).digest();
}
