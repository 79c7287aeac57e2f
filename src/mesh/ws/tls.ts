import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { Clock } from "../../core/clock.js";
import { CircuitError, messageOf } from "../../core/error.js";
import { FreshFiles } from "../safety/fresh-files.js";

/** Oldest TLS that is spoken. */
export const LEAST_TLS = "TLSv1.2";

/** Paths of what TLS needs, in PEM. */
export interface TlsFiles {
  /** The certificate that nodes show, with those that it builds on, and its private key. Both or none. */
  readonly certificate?: string;
  readonly key?: string;
  /** Certificates that other nodes' must build on, in place of those that the system trusts. */
  readonly authority?: string;
}

/** What a node shows of itself. */
export interface OwnCertificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Certificates and keys that follow their files. */
export class Tls {
  readonly #own: FreshFiles<OwnCertificate> | undefined;
  readonly #authority: FreshFiles<Buffer> | undefined;
  readonly #followers = new Set<(own: OwnCertificate) => void>();

  /** @throws {CircuitError} `CONFIG_INVALID`; `FILE_FAILED` or `ACCESS_DENIED`, as of `readSafeFile()`. */
  static async open(
    { certificate, key, authority }: TlsFiles,
    shared: { readonly clock: Clock; readonly notice: (text: string) => void },
  ): Promise<Tls> {
    const own =
      certificate === undefined || key === undefined
        ? undefined
        : await FreshFiles.open<OwnCertificate>({
            ...shared,
            what: "the certificate",
            files: [
              { path: certificate, isPrivate: false },
              { path: key, isPrivate: true },
            ],
            parse: ([cert = Buffer.alloc(0), privateKey = Buffer.alloc(0)]) =>
              checkOwn({ cert, key: privateKey }, certificate),
          });
    try {
      const trusted =
        authority === undefined
          ? undefined
          : await FreshFiles.open<Buffer>({
              ...shared,
              what: "the authority",
              files: [{ path: authority, isPrivate: false }],
              parse: ([content = Buffer.alloc(0)]) => checkAuthority(content, authority),
            });
      return new Tls(own, trusted);
    } catch (error) {
      own?.close();
      throw error;
    }
  }

  private constructor(
    own: FreshFiles<OwnCertificate> | undefined,
    authority: FreshFiles<Buffer> | undefined,
  ) {
    this.#own = own;
    this.#authority = authority;
    own?.follow((value) => {
      for (const follower of this.#followers) follower(value);
    });
  }

  /** What nodes show; without it they listen without TLS. */
  get own(): OwnCertificate | undefined {
    return this.#own?.value;
  }

  /** Whom outgoing links trust; the system's where it is left out. */
  get authority(): Buffer | undefined {
    return this.#authority?.value;
  }

  /** Calls back with each new certificate. @returns Ends it. */
  follow(changed: (own: OwnCertificate) => void): () => void {
    this.#followers.add(changed);
    return () => this.#followers.delete(changed);
  }

  /** Looks whether files have changed, now. Never rejects. */
  async look(): Promise<void> {
    await Promise.all([this.#own?.look(), this.#authority?.look()]);
  }

  /** Idempotent. */
  close(): void {
    this.#own?.close();
    this.#authority?.close();
  }
}

function checkOwn(own: OwnCertificate, path: string): OwnCertificate {
  try {
    createSecureContext({ ...own, minVersion: LEAST_TLS });
    const leaf = new X509Certificate(own.cert);
    if (!leaf.checkPrivateKey(createPrivateKey(own.key))) throw new Error("the key is another certificate's");
    if (Date.parse(leaf.validTo) < Date.now()) throw new Error(`it ended on ${leaf.validTo}`);
    return own;
  } catch (error) {
    throw invalid(path, error);
  }
}

function checkAuthority(content: Buffer, path: string): Buffer {
  try {
    new X509Certificate(content);
    createSecureContext({ ca: content });
    return content;
  } catch (error) {
    throw invalid(path, error);
  }
}

function invalid(path: string, cause: unknown): CircuitError {
  return new CircuitError("CONFIG_INVALID", `Cannot use the certificate ${path}: ${messageOf(cause)}`, {
    hint: "Give a certificate and its private key in PEM, which belong together and are not over.",
    cause,
  });
}
