import { CircuitError } from "../../core/error.js";
import { printable } from "../../core/printable.js";
import { isKeyOf, type Key, type Keyring } from "../safety/keyring.js";
import { type Passage, WITHIN } from "../safety/passage.js";
import type { Trust } from "../safety/trust.js";
import type { FrameLink } from "./frame-link.js";
import { FrameWriter } from "./frame-writer.js";
import { parseChallenge } from "./hello.js";
import { toText } from "./in-greeting.js";
import type { Prover, Transcript } from "./proof.js";
import { type Hello, RECORD } from "./records.js";

/** Whom a sender speaks for, and by what it trusts its receivers. */
export interface Identity {
  /** Name of the node that sends. */
  readonly from?: string | undefined;
  /** Without it nothing is proved and everybody trusted. */
  readonly trust?: Trust | undefined;
  /** What the sender says of itself where it cannot be reached, as a web page. */
  readonly asGuest?: Guest | undefined;
}

/** How those greet who cannot listen. */
export type Guest = Pick<Hello, "from" | "token" | "via">;

export interface OutGreetingOptions extends Identity {
  readonly target: string;
  /** See `Found`. */
  readonly isHearsay?: boolean;
  readonly link: Pick<FrameLink, "passage" | "headBytes">;
}

/** Who sends in nobody's name, where names are not told apart. */
const UNNAMED = "circuit";

/** The sender's half of the greeting on one link: a hello, and where it is asked for, the proof of its name. */
export class OutGreeting {
  readonly #options: OutGreetingOptions;
  readonly #from: string | undefined;
  readonly #keyring: Keyring | undefined;
  readonly #prover: Prover | undefined;
  readonly #passage: Passage;
  /** See `Transcript.hello`. */
  #hello: Uint8Array = new Uint8Array();
  /** Whom the receiver has proved to be, and by what. */
  #proven: { readonly node: string; readonly boot: string; readonly key: Key } | undefined;

  constructor(options: OutGreetingOptions) {
    this.#options = options;
    this.#from = options.from ?? (options.trust?.isByName === false ? UNNAMED : undefined);
    // A link that says nothing of itself is not one of the network.
    const { passage } = options.link;
    this.#passage = passage ?? WITHIN;
    this.#keyring = passage && options.trust?.keyringOn(passage);
    this.#prover = this.#keyring && options.trust?.prover;
  }

  /** The frame to say first. */
  hello(hello: Omit<Hello, "from" | "nonce">): Uint8Array {
    const from = this.#from;
    const prover = from === undefined ? undefined : this.#prover;
    const writer = new FrameWriter();
    writer.json(RECORD.hello, {
      ...hello,
      ...this.#options.asGuest,
      ...(from !== undefined && { from }),
      ...(prover && { nonce: toText(prover.makeNonce()) }),
    });
    const { headBytes } = this.#options.link;
    const frame = writer.take(headBytes);
    if (prover) this.#hello = prover.digestOf(frame.subarray(headBytes));
    return frame;
  }

  /**
   * Checks that a receiver is who it should be, and then proves who sends.
   *
   * @returns The frame that answers.
   * @throws {CircuitError} `ACCESS_DENIED`.
   */
  answer(challenge: unknown): Uint8Array {
    const { target } = this.#options;
    const from = this.#from;
    const keyring = this.#keyring;
    const prover = this.#prover;
    if (keyring === undefined || prover === undefined || from === undefined || this.#proven)
      throw denied(target, "it asks for a proof, and there is none to give", GIVE_CREDENTIALS);
    const { node, boot, nonce, proofs } = parseChallenge(challenge);
    const keys = keyring.keysOf(target);
    // Who knows the target's secret is the target, and speaks in no other name.
    if (this.#options.trust?.isByName && node !== target)
      throw denied(target, `${printable(node)} answers in its place`, SAME_CREDENTIALS);
    const transcript: Transcript = {
      from,
      node,
      boot,
      hello: this.#hello,
      nonce: fromText(nonce),
      binding: this.#passage.binding,
    };
    const key = prover.findProvenKey(proofs.map(fromText), { role: "receiver", keys, transcript });
    if (key === undefined) {
      const reason = keys.length === 0 ? "there is no credential of its name" : "its proof is wrong";
      throw denied(target, reason, SAME_CREDENTIALS);
    }
    this.#proven = { node, boot, key };
    const own = keyring.keysOf(from);
    if (own.length === 0) throw denied(target, `${from} has no credential`, GIVE_CREDENTIALS);
    const writer = new FrameWriter();
    writer.json(RECORD.proof, {
      proofs: own.map((each) => toText(prover.prove("sender", each, transcript))),
    });
    return writer.take(this.#options.link.headBytes);
  }

  /**
   * Checks a welcome against what was proved before it.
   *
   * @returns Whether the receiver has proved who it is.
   * @throws {CircuitError} `ACCESS_DENIED` for one who has proved nothing and had to, or something else.
   */
  check(welcome: { readonly node: string; readonly boot: string }): boolean {
    const { target, trust, link, isHearsay = false } = this.#options;
    if (this.#proven) {
      const { node, boot } = this.#proven;
      if (welcome.node !== node || welcome.boot !== boot)
        throw denied(target, "it proved to be another than it says", SAME_CREDENTIALS);
      return true;
    }
    if (link.passage === undefined) return false;
    if (isHearsay && trust?.believesHearsay === false)
      throw denied(
        target,
        "who claims its name on the local network does not prove to be it",
        PROOF_OR_ANYONE,
      );
    if (trust?.needsProof(target, this.#passage))
      throw denied(target, "who answers there does not prove to be it", SAME_CREDENTIALS);
    return false;
  }

  /** Calls back when what was proved counts no more, at either end. @returns Ends it. */
  watch(lost: () => void): () => void {
    const changed = () => {
      if (!this.#isStillTrusted) lost();
    };
    return this.#proven && this.#keyring ? this.#keyring.watch(changed) : () => {};
  }

  get #isStillTrusted(): boolean {
    const { target } = this.#options;
    const from = this.#from;
    if (this.#keyring === undefined || this.#proven === undefined) return true;
    return isKeyOf(this.#keyring, target, this.#proven.key) && this.#keyring.keysOf(from ?? "").length > 0;
  }
}

/** The error of a receiver that has refused, with its own reason. */
export function deniedBy(target: string, reason: unknown): CircuitError {
  return denied(target, `it refuses: ${printable(String(reason), 123)}`, SAME_CREDENTIALS);
}

const GIVE_CREDENTIALS =
  "Name a file of credentials in CIRCUIT_CREDENTIALS, or in the configuration's `security`.";

const SAME_CREDENTIALS =
  "Run both ends as one user of one machine, or give both the same credentials (CIRCUIT_CREDENTIALS).";

const PROOF_OR_ANYONE =
  "Give both ends the same credentials (CIRCUIT_CREDENTIALS), name its address, or say --allow-anyone to believe whoever answers.";

function denied(target: string, reason: string, hint: string): CircuitError {
  return new CircuitError("ACCESS_DENIED", `Cannot reach ${target}: ${reason}`, { hint });
}

function fromText(text: string): Uint8Array {
  return Buffer.from(text, "base64url");
}
