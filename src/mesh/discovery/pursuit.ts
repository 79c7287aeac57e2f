import { CircuitError } from "../../core/error.js";
import type { Dialing } from "../framed/dialing.js";
import type { Discovery } from "./discovery.js";
import type { KnownNode } from "./table.js";

export interface PursuitOptions {
  readonly target: string;
  readonly discovery: Discovery;
  /** Address of a target that nobody has announced, where there is one. */
  readonly fallback: string | undefined;
  /** Addresses where somebody answered who is not the target, or does not let us in: tried when there is no other. */
  readonly avoided: Set<string>;
  readonly dialing: Dialing & { plain(): void };
  /** Time before the first try, in milliseconds. */
  readonly waitMs: number;
  /** Connects to what `address` gives, asked again before each try. */
  dial(address: () => string, dialing: Dialing & { plain?(): void }, waitMs: number): () => void;
}

/** Follows a target to wherever it is announced, until there is a link or it is cancelled. */
export class Pursuit {
  readonly #options: PursuitOptions;
  #addresses: string | undefined;
  #stopDialing: () => void = () => {};
  #stopFollowing: () => void = () => {};
  #isOver = false;

  constructor(options: PursuitOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { discovery, target, waitMs } = this.#options;
    await discovery.start();
    if (this.#isOver) return;
    this.#stopFollowing = discovery.table.follow(target, () => this.#go(0));
    this.#go(waitMs);
  }

  /** Idempotent. */
  cancel(): void {
    this.#isOver = true;
    this.#stopFollowing();
    this.#stopDialing();
  }

  #go(waitMs: number): void {
    const { target, discovery, fallback, dialing, avoided } = this.#options;
    const named = discovery.table.named(target);
    const known = named.flatMap(({ addresses }) => addresses);
    if (known.every((each) => avoided.has(each))) avoided.clear();
    const found = known.filter((each) => !avoided.has(each));
    const addresses = found.length === 0 && fallback !== undefined ? [fallback] : found;
    if (addresses.join() === this.#addresses) return;
    this.#addresses = addresses.join();
    this.#stopDialing();
    this.#stopDialing = () => {};
    if (addresses.length === 0) {
      dialing.missing("", nobodyAnnounced(target));
      return;
    }
    // Whoever announces itself speaks the framed protocol: who does not is another, on a port that was given up.
    const plain = found.length === 0 ? () => dialing.plain() : undefined;
    let tries = 0;
    let address = "";
    const next = () => {
      address = addresses[tries++ % addresses.length] ?? "";
      return address;
    };
    this.#stopDialing = this.#options.dial(
      next,
      {
        ...(plain && { plain }),
        missing: (where, problem) => dialing.missing(where, problem),
        opened: (link) => {
          this.#stopFollowing();
          const denied = () => {
            avoided.add(address);
            return found.some((each) => !avoided.has(each));
          };
          if (found.length === 0) return dialing.opened(link, { address, denied });
          const isHearsay = this.#isHearsay(address, named);
          return dialing.opened(link, { address, denied, node: target, isHearsay });
        },
      },
      waitMs,
    );
  }

  /** Whether nobody but the network says so, neither a person nor a file of this user's. */
  #isHearsay(address: string, before: readonly KnownNode[]): boolean {
    const { discovery, target } = this.#options;
    const saying = (nodes: readonly KnownNode[]) => nodes.filter((node) => node.addresses.includes(address));
    const now = saying(discovery.table.named(target));
    return (now.length > 0 ? now : saying(before)).every(({ source }) => source === "lan");
  }
}

function nobodyAnnounced(target: string): CircuitError {
  return new CircuitError("PEER_MISSING", `Cannot reach ${target}: no node of that name is announced`, {
    hint: `Start ${target}, or give its address: --peer ${target}=ws://127.0.0.1:8766.`,
  });
}
