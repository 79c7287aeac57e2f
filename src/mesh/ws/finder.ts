import { CircuitError } from "../../core/error.js";
import type { Discovery } from "../discovery/discovery.js";
import { Pursuit } from "../discovery/pursuit.js";
import type { Link, LinkEvents } from "../link.js";
import type { LocalNodes } from "../memory/local-nodes.js";
import type { PeerDialing } from "../peer.js";
import type { Trust } from "../safety/trust.js";
import { parsePeerUrl } from "./address.js";
import type { WsConnector } from "./connect.js";
import { passageTo } from "./passage.js";

export interface FinderOptions {
  readonly grid: Readonly<Record<string, string>>;
  readonly fallback: Readonly<Record<string, string>>;
  readonly framed: boolean;
  readonly discovery: Discovery | undefined;
  readonly trust: Trust | undefined;
  readonly nodes: LocalNodes;
  readonly connector: WsConnector;
}

/**
 * Knows where the targets of a mesh are: where the grid says, in this process, where they are announced, or at their
 * fallback address.
 */
export class Finder {
  readonly #options: FinderOptions;
  readonly #grid = new Map<string, string>();
  readonly #fallback = new Map<string, string>();
  /** Where a target was found and turned out not to be, or did not let us in. */
  readonly #avoided = new Map<string, Set<string>>();

  /** @throws {CircuitError} `ADDRESS_INVALID` for an address that cannot be one. */
  constructor(options: FinderOptions) {
    this.#options = options;
    for (const [peer, address] of Object.entries(options.grid)) this.introduce(peer, address);
    for (const [peer, address] of Object.entries(options.fallback)) {
      this.#fallback.set(peer, parsePeerUrl(peer, address));
    }
  }

  /** Targets whose addresses were given. */
  get grid(): ReadonlyMap<string, string> {
    return this.#grid;
  }

  /** See `WsMesh.introduce()`. */
  introduce(peer: string, address: string): void {
    this.#grid.set(peer, parsePeerUrl(peer, address));
  }

  /** See `DialPeer`. */
  dial(target: string, dialing: PeerDialing, waitMs: number): () => void {
    const { connector, framed } = this.#options;
    const url = this.#grid.get(target);
    const guarded = this.#guardPlain(target, dialing);
    if (url === undefined) return this.#seek(target, guarded, waitMs);
    if (framed) return connector.dial(target, () => url, guarded, waitMs);
    let isCancelled = false;
    queueMicrotask(() => {
      if (!isCancelled) guarded.plain();
    });
    return () => {
      isCancelled = true;
    };
  }

  /** Keeps from the plain protocol a target that has to prove who it is, or is to be reached past others. */
  #guardPlain(target: string, dialing: PeerDialing): PeerDialing {
    return {
      ...dialing,
      plain: () => {
        const problem = this.#findPlainProblem(target);
        if (problem) dialing.denied?.(problem);
        else dialing.plain();
      },
    };
  }

  #findPlainProblem(target: string): CircuitError | undefined {
    const url = this.#findUrl(target);
    return url === undefined ? undefined : this.#options.trust?.findPlainProblem(target, passageTo(url));
  }

  #findUrl(target: string): string | undefined {
    return this.#grid.get(target) ?? this.#fallback.get(target);
  }

  /** Looks for a target in this process, and at the same time wherever it may be announced. */
  #seek(target: string, dialing: PeerDialing, waitMs: number): () => void {
    const { discovery, nodes, connector } = this.#options;
    if (discovery === undefined) return nodes.connect(target, dialing, this.#describeUnknown(target));
    let pursuit: Pursuit | undefined;
    const stopWaiting = nodes.connect(
      target,
      {
        missing: () => {}, // the pursuit says it
        opened: (link) => {
          pursuit?.cancel();
          return dialing.opened(link);
        },
      },
      this.#describeUnknown(target),
    );
    if (nodes.names.includes(target)) return stopWaiting;
    const opened: typeof dialing.opened = (link, found) => {
      stopWaiting();
      return dialing.opened(link, found);
    };
    const avoided = this.#avoided.get(target) ?? new Set();
    this.#avoided.set(target, avoided);
    pursuit = new Pursuit({
      target,
      discovery,
      avoided,
      fallback: this.#fallback.get(target),
      dialing: { ...dialing, opened },
      waitMs,
      dial: (address, toFound, firstWaitMs) => connector.dial(target, address, toFound, firstWaitMs),
    });
    void pursuit.start();
    return () => {
      stopWaiting();
      pursuit?.cancel();
    };
  }

  /** Connects by the plain protocol, where the target may be spoken to so by then. See `Connect`. */
  connect(target: string, channel: string, events: LinkEvents): () => void {
    let isCancelled = false;
    const deny = (problem: CircuitError) => {
      if (!isCancelled) events.ended({ kind: "denied", problem });
    };
    const cancel = () => {
      isCancelled = true;
    };
    const problem = this.#findPlainProblem(target);
    if (problem) {
      queueMicrotask(() => deny(problem));
      return cancel;
    }
    const opened = (link: Link) => {
      const late = this.#findPlainProblem(target);
      if (late === undefined) return events.opened(link);
      link.close();
      deny(late);
    };
    const { connector } = this.#options;
    return connector.connect(target, this.#findUrl(target) ?? "", channel, { ...events, opened });
  }

  #describeUnknown(target: string): CircuitError {
    const known = [...new Set([...this.#grid.keys(), ...this.#options.nodes.names])].join(", ") || "no node";
    return new CircuitError("PEER_UNKNOWN", `Cannot reach ${target}: this process knows ${known}`, {
      hint: `Give its address: --peer ${target}=ws://127.0.0.1:8766.`,
    });
  }
}
