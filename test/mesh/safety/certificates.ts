import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { skipWithout } from "../../tools.js";

export const skipWithoutOpenssl = skipWithout("openssl", "openssl", ["version"], "apt-get install openssl");

/** Paths of a certificate and its key. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
  readonly pem: () => { readonly cert: Buffer; readonly key: Buffer };
}

/** An authority of a test's own, and what it issues, in a folder. */
export class Authority {
  readonly #folder: string;
  readonly #issued: Issued;

  constructor(folder: string, name = "authority") {
    this.#folder = folder;
    this.#issued = this.#make(name, ["-subj", `/CN=${name}`]);
  }

  /** Path of the certificate that others trust. */
  get certificate(): string {
    return this.#issued.certificate;
  }

  /** A certificate for some addresses and names, by default those of this machine's loopback. */
  issue(name: string, holders = "IP:127.0.0.1,DNS:localhost"): Issued {
    return this.#make(name, [
      ...["-subj", `/CN=${name}`, "-days", "2", "-addext", "basicConstraints=critical,CA:FALSE"],
      ...["-addext", `subjectAltName=${holders}`],
      ...["-CA", this.#issued.certificate, "-CAkey", this.#issued.key],
    ]);
  }

  /** A certificate that ended yesterday. */
  issueOver(name: string): Issued {
    const [certificate, request] = [join(this.#folder, `${name}.pem`), join(this.#folder, `${name}.csr`)];
    const { key, pem } = this.issue(name);
    run("req", "-new", "-key", key, "-subj", `/CN=${name}`, "-out", request);
    run("x509", "-req", "-in", request, "-signkey", key, "-days", "-1", "-out", certificate);
    return { certificate, key, pem };
  }

  #make(name: string, more: readonly string[]): Issued {
    const [certificate, key] = [join(this.#folder, `${name}.pem`), join(this.#folder, `${name}.key`)];
    const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    run("req", "-x509", ...kind, "-out", certificate, "-keyout", key, ...more);
    chmodSync(key, 0o600);
    return { certificate, key, pem: () => ({ cert: readFileSync(certificate), key: readFileSync(key) }) };
  }
}

function run(...args: readonly string[]): void {
  execFileSync("openssl", args, { stdio: "pipe" });
}
