import { CircuitError } from "../../core/error.js";
import { isKeyOf, type Key } from "../safety/keyring.js";
import type { Guard } from "../safety/trust.js";
import type { FrameLink } from "./frame-link.js";
import { readFrame } from "./frame-reader.js";
import { FrameWriter } from "./frame-writer.js";
import { parseHello, parseProofs } from "./hello.js";
import type { Transcript } from "./proof.js";
import { type Challenge, type Hello, RECORD } from "./records.js";

export interface InGreetingOptions {
  readonly node: string;
  readonly boot: string;
  readonly link: FrameLink;
  /** Whose link it is, as far as the network tells. */
  readonly peer: string;
  /** What is asked of the sender; nothing where it is left out. */
  readonly guard: Guard | undefined;
  /** Whether a hello goes on with a session that there is. */
  resumes(hello: Hello): boolean;
}

/** A sender that was let in. */
export interface Admitted {
  readonly hello: Hello;
  /** Its node's name, which it has proved where that was asked for; empty where it gave none. */
  readonly from: string;
  /** What it has proved that by. */
  readonly key?: Key;
  /** Whether it has: by a proof, and not with a token, which web pages have. */
  readonly isProven?: boolean;
}

/** The receiver's half of the greeting: a hello, and where a proof is asked for, the challenge and its answer. */
export class InGreeting {
  readonly #options: InGreetingOptions;
  /** What the sender has to prove. */
  #asked: { readonly hello: Hello; readonly transcript: Transcript } | undefined;

  constructor(options: InGreetingOptions) {
    this.#options = options;
  }

  get peer(): string {
    return this.#options.peer;
  }

  /**
   * Reads the sender's next frame.
   *
   * @returns The sender, once it is let in.
   * @throws {CircuitError} `MESSAGE_INVALID` or `ACCESS_DENIED`; the link is then to be closed.
   */
  take(frame: Uint8Array): Admitted | undefined {
    if (this.#asked) return this.#checkProof(this.#asked, frame);
    const hello = parseHello(readJson(frame, RECORD.hello));
    const { guard } = this.#options;
    const { from = "", nonce, token } = hello;
    if (guard === undefined) return { hello, from };
    if (token !== undefined) return this.#checkToken(hello, token, guard);
    if (guard.keyring && nonce !== undefined && from !== "") {
      this.#challenge(hello, frame, guard);
      return undefined;
    }
    if (guard.isDemanded) throw this.refuse(from, "no proof was given, and one is asked for");
    return { hello, from };
  }

  /** Calls back when what a sender was let in by counts no more, if that can be. @returns Ends it. */
  watch({ from, key }: Admitted, lost: () => void): (() => void) | undefined {
    const keyring = this.#options.guard?.keyring;
    if (key === undefined || keyring === undefined) return undefined;
    return keyring.watch(() => {
      if (!isKeyOf(keyring, from, key)) lost();
    });
  }

  /** Tells the sender, and whoever keeps note of it, that it is refused. @returns What to throw. */
  refuse(from: string, reason: string): CircuitError {
    const { node, link, guard } = this.#options;
    guard?.refused(from === "" ? undefined : from, reason);
    const writer = new FrameWriter();
    writer.json(RECORD.bye, { denied: reason });
    link.send(writer.take(link.headBytes));
    return new CircuitError("ACCESS_DENIED", `Cannot let a sender in at ${node}: ${reason}`);
  }

  #checkToken(hello: Hello, token: string, { nameOf, keyring }: Guard): Admitted {
    const { from = "" } = hello;
    const name = nameOf(token);
    if (name === undefined) throw this.refuse(from, "the token is nobody's");
    if (from !== "" && from !== name) throw this.refuse(from, "the token is another's");
    const key = keyring?.keysOf(name).find((known) => Buffer.from(known).toString() === token);
    return { hello, from: name, ...(key && { key }) };
  }

  /** Proves the node first: who asks in its name learns nothing by which it could. */
  #challenge(hello: Hello, frame: Uint8Array, { keyring, prover, binding }: Guard): void {
    const { node, boot, link, resumes } = this.#options;
    const nonce = prover.makeNonce();
    const transcript = { from: hello.from ?? "", node, boot, hello: prover.digestOf(frame), nonce, binding };
    // A stranger's list of channels is not kept while the answer is awaited.
    this.#asked = { hello: resumes(hello) ? hello : { ...hello, channels: [] }, transcript };
    const keys = keyring?.keysOf(node) ?? [];
    const challenge: Challenge = {
      node,
      boot,
      nonce: toText(nonce),
      proofs: keys.map((key) => toText(prover.prove("receiver", key, transcript))),
    };
    const writer = new FrameWriter();
    writer.json(RECORD.challenge, challenge);
    link.send(writer.take(link.headBytes));
  }

  #checkProof(
    { hello, transcript }: { readonly hello: Hello; readonly transcript: Transcript },
    frame: Uint8Array,
  ): Admitted {
    const { from } = transcript;
    const { guard } = this.#options;
    const proofs = parseProofs(readJson(frame, RECORD.proof));
    const keys = guard?.keyring?.keysOf(from) ?? [];
    const key = guard?.prover.findProvenKey(proofs, { role: "sender", keys, transcript });
    // The same for a name that is not known.
    if (key === undefined) throw this.refuse(from, "the proof is wrong");
    return { hello, from, key, isProven: true };
  }
}

/** Bytes as a greeting has them. */
export function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

/** The one record that a frame of a greeting is. */
function readJson(frame: Uint8Array, wanted: number): unknown {
  let found: { readonly value: unknown } | undefined;
  const refuse = (): never => {
    throw new CircuitError("MESSAGE_INVALID", "Cannot read a greeting: it is something else");
  };
  readFrame(frame, {
    json: (type, value) => {
      if (type !== wanted || found) refuse();
      found = { value };
    },
    open: refuse,
    chain: refuse,
    message: refuse,
    ack: refuse,
    failure: refuse,
    numbers: refuse,
  });
  return found ? found.value : refuse();
}
