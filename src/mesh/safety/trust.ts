import { CircuitError } from "../../core/error.js";
import { type Prover, prover } from "../framed/proof.js";
import { type AccessRules, mayPublish, maySend, type PublishRules } from "./access.js";
import type { Credentials } from "./credentials.js";
import type { Keyring } from "./keyring.js";
import type { Passage } from "./passage.js";
import type { Refusal } from "./refusals.js";

export interface TrustOptions {
  /** The credentials of nodes, where there are any. */
  readonly credentials?: Pick<Credentials, "keysOf" | "watch" | "nameOf">;
  /** What proves that a peer is this user's, on this machine; used where there are no credentials. */
  readonly machine?: Keyring;
  /** Nobody has to prove anything. */
  readonly anyone?: boolean;
  /** Whether the plain protocol is spoken. True by default. */
  readonly plain?: boolean;
  readonly access?: AccessRules;
  readonly publish?: PublishRules;
  /** Takes note of whom a node turned away. */
  refused?(refusal: Refusal): void;
}

/** What a receiver asks of the sender at the other end of a link. */
export interface Guard {
  /** What it can be proved by, if it can. */
  readonly keyring: Keyring | undefined;
  readonly prover: Prover;
  /** Whether who proves nothing is turned away. */
  readonly isDemanded: boolean;
  readonly binding: Uint8Array;
  /** Whose secret a token is; nobody's over a link on which others could read it. */
  nameOf(token: string): string | undefined;
  refused(from: string | undefined, reason: string): void;
}

/** Whom the nodes of a mesh talk to, and what has to be proved before. */
export class Trust {
  readonly prover = prover;
  readonly #options: TrustOptions;

  constructor(options: TrustOptions) {
    this.#options = options;
  }

  /** Whether each node is known by its own name, so that nodes of one process have to be told apart. */
  get isByName(): boolean {
    const { credentials, access, publish } = this.#options;
    return credentials !== undefined || access !== undefined || publish !== undefined;
  }

  /** Whether who claims a name on the local network is believed without a proof. */
  get believesHearsay(): boolean {
    return this.#options.anyone === true;
  }

  /** Whether nodes may be reached from other machines. */
  get isForOthers(): boolean {
    return this.#options.credentials !== undefined || this.#options.anyone === true;
  }

  /** Keys that count over a link. */
  keyringOn({ isLocal }: Passage): Keyring | undefined {
    const { credentials, machine } = this.#options;
    return credentials ?? (isLocal ? machine : undefined);
  }

  /** What a node asks of whoever comes over a link. */
  guard(node: string, peer: string, passage: Passage): Guard {
    const { credentials, anyone = false } = this.#options;
    const keyring = this.keyringOn(passage);
    return {
      keyring,
      prover,
      // Where nothing could prove it, nobody is let in.
      isDemanded: !anyone && (keyring !== undefined || !passage.isLocal),
      binding: passage.binding,
      nameOf: (token) => (isTokenSafe(passage) ? credentials?.nameOf(token) : undefined),
      refused: (from, reason) => this.refused({ node, peer, from, reason }),
    };
  }

  refused(refusal: Refusal): void {
    this.#options.refused?.(refusal);
  }

  /** Whether a receiver has to prove that it is the target. */
  needsProof(target: string, passage: Passage): boolean {
    const { credentials, anyone } = this.#options;
    if (anyone) return false;
    if ((this.keyringOn(passage)?.keysOf(target) ?? []).length > 0) return true;
    return credentials !== undefined && !passage.isLocal && !passage.isSecret;
  }

  /** Why a target must not be spoken to by the plain protocol, in which it proves nothing, if there is a reason. */
  findPlainProblem(target: string, passage: Pick<Passage, "isLocal" | "isSecret">): CircuitError | undefined {
    const { credentials, plain = true } = this.#options;
    const refuse = (reason: string, hint: string) =>
      new CircuitError(
        "ACCESS_DENIED",
        `Cannot reach ${target}: it speaks only the plain protocol, ${reason}`,
        {
          hint,
        },
      );
    if (!plain) return refuse("which is closed", "Leave --no-plain, or `plain: false`, out.");
    if (credentials === undefined) return undefined;
    if (credentials.keysOf(target).length > 0)
      return refuse("in which it cannot prove its credential", `Take ${target} out of the credentials.`);
    if (passage.isLocal || passage.isSecret) return undefined;
    return refuse("and the way to it is open to others", "Reach it over wss://.");
  }

  /** Why a plain client may not come in over a link, or by which name it may. */
  admitPlain(
    authorization: string | undefined,
    passage: Pick<Passage, "isLocal" | "isSecret">,
  ): { readonly from: string | undefined } | { readonly status: 401 | 403; readonly reason: string } {
    const { credentials, plain = true, anyone = false } = this.#options;
    if (!plain) return { status: 403, reason: "the plain protocol is closed here; use circuit.1" };
    if (anyone) return { from: undefined };
    if (!isTokenSafe(passage))
      return { status: 403, reason: "the plain protocol needs wss:// from here; use circuit.1" };
    if (credentials === undefined && passage.isLocal) return { from: undefined };
    const from = this.nameOf(authorization);
    return from === undefined ? { status: 401, reason: "give the token of a node's credential" } : { from };
  }

  /** Calls back when credentials have changed. @returns Ends it. */
  watch(changed: () => void): () => void {
    return this.#options.credentials?.watch(changed) ?? (() => {});
  }

  /** The name whose credential is the bearer token of a request's `Authorization`, if it is one. */
  nameOf(authorization: string | undefined): string | undefined {
    const [, token] = /^Bearer +(\S+) *$/i.exec(authorization ?? "") ?? [];
    return token === undefined ? undefined : this.#options.credentials?.nameOf(token);
  }

  /** Why a node cannot be served to others, if there is a reason. */
  findServeProblem(node: string): CircuitError | undefined {
    const { credentials } = this.#options;
    if (credentials === undefined || credentials.keysOf(node).length > 0) return undefined;
    return new CircuitError(
      "CONFIG_INVALID",
      `Cannot serve ${node}: the credentials have none of that name`,
      {
        hint: `Add a secret for ${node}, made by \`openssl rand -base64 32\`.`,
      },
    );
  }

  /** Whether a sender may use a channel of a node; `from` is empty where it said nothing of itself. */
  mayTake(node: string, from: string, channel: string): boolean {
    const { access } = this.#options;
    return access === undefined || maySend(access, { from, target: node, channel });
  }

  /** Whether there are rules for who may publish. */
  get hasPublishRules(): boolean {
    return this.#options.publish !== undefined;
  }

  /** Whether a node may publish on a subject; `from` is empty where it said nothing of itself. */
  mayPublish(from: string, subject: string): boolean {
    return mayPublish(this.#options.publish, from, subject);
  }

  /**
   * Checks what a node of this process publishes: those who hear of it would drop it without a word.
   *
   * @throws {CircuitError} `ACCESS_DENIED`.
   */
  checkPublisher(from: string, subject: string): void {
    if (this.mayPublish(from, subject)) return;
    const who = from === "" ? "who has no name" : from;
    throw new CircuitError(
      "ACCESS_DENIED",
      `Cannot publish to ${subject}: \`publish\` does not let ${who} publish there`,
      {
        hint: `Add the subject to \`security.publish\` of every process, or publish in another node's name.`,
      },
    );
  }
}

/** A secret that is told as it is must not be read on its way. */
function isTokenSafe({ isLocal, isSecret }: Pick<Passage, "isLocal" | "isSecret">): boolean {
  return isLocal || isSecret;
}
