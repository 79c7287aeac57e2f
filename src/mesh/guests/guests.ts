import type { Clock } from "../../core/clock.js";
import { messageOf } from "../../core/error.js";
import { randomId } from "../../core/random-id.js";
import { ReceivedTally } from "../counts.js";
import type { FrameLink, FrameLinkEvents } from "../framed/frame-link.js";
import type { Admitted } from "../framed/in-greeting.js";
import { InSessions } from "../framed/in-sessions.js";
import type { GuestDesk } from "../framed/receiver.js";
import type { MeshLimits } from "../limits.js";
import type { Handler, Mesh, ServedNode } from "../mesh.js";
import type { Trust } from "../safety/trust.js";
import { GuestEvents, type GuestMesh } from "./guest-events.js";
import { GuestNode } from "./guest-node.js";
import { passThrough } from "./pass-through.js";

/** Nodes of guests: a phone for each of two classes. Each has a port of its own. */
const MOST_NODES = 64;

/** What a node of a circuit may be called. */
const NAME = /^[a-zA-Z0-9][\w-]{0,62}$/;

/** Pairs of a guest and a target: each guest to all nodes of a desk. */
const MOST_RELAYS = 1_024;

export interface GuestsOptions {
  readonly clock: Clock;
  readonly limits: MeshLimits;
  readonly schedule: (callback: () => void) => void;
  readonly trust: Trust | undefined;
  readonly mesh: GuestMesh;
  readonly send: Mesh["send"];
  /** Why a name is not free, if it is not. */
  findTaken(name: string): string | undefined;
  /** Serves a guest's node beside the node that the guest came to. */
  serve(name: string, handler: Handler, beside: string): Promise<ServedNode>;
}

/**
 * Those who cannot listen, such as web pages: what they send is passed on in their names, what they publish published, and
 * the nodes that they serve are served here, each over the link that its guest has made.
 */
export class Guests implements GuestDesk {
  readonly #options: GuestsOptions;
  readonly #nodes = new Map<string, GuestNode>();
  readonly #served = new Map<GuestNode, Promise<ServedNode>>();
  /** By guest and target. */
  readonly #relays = new Map<string, InSessions>();
  #isClosed = false;

  constructor(options: GuestsOptions) {
    this.#options = options;
  }

  findRefusal({ hello: { serves, target }, from }: Admitted): string | undefined {
    if (!NAME.test(from)) return "who is passed on needs a name of letters, digits, - and _, 63 at most";
    if (this.#isClosed) return "the mesh is closing";
    if (serves === undefined) {
      const key = keyOf(from, target);
      return this.#relays.has(key) || this.#hasRoomForRelay() ? undefined : `${MOST_RELAYS} ways are in use`;
    }
    const known = this.#nodes.get(from);
    if (known !== undefined) {
      // Who comes back for what it has left may not have been missed yet.
      const isOther = known.boot !== serves && known.isLinked;
      return isOther ? `another page serves ${from}` : undefined;
    }
    if (this.#nodes.size >= MOST_NODES) return `${MOST_NODES} nodes are served for pages, as many as may be`;
    return this.#options.findTaken(from);
  }

  take(
    link: FrameLink,
    admitted: Admitted,
    { peer, node }: { readonly peer: string; readonly node: string },
  ): FrameLinkEvents {
    const { hello, from } = admitted;
    if (hello.serves !== undefined) return this.#join(link, from, hello.serves, node);
    const events = this.#relayFor(from, hello.target).adopt(link, admitted, peer);
    if (events === undefined) throw new Error("the session is another's");
    return events;
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const relay of this.#relays.values()) relay.close();
    this.#relays.clear();
    for (const guest of [...this.#nodes.values()]) this.#remove(guest);
    await Promise.allSettled([...this.#served.values()].map(async (served) => (await served).close()));
  }

  #join(link: FrameLink, name: string, boot: string, beside: string): FrameLinkEvents {
    const known = this.#nodes.get(name);
    if (known?.boot === boot) return known.join(link);
    if (known) this.#remove(known);
    const { clock, limits, schedule } = this.#options;
    const guest: GuestNode = new GuestNode({
      ...{ name, boot, clock, limits, schedule },
      gone: () => this.#remove(guest),
    });
    this.#nodes.set(name, guest);
    const events = guest.join(link);
    void this.#serve(guest, name, { beside, after: known && this.#served.get(known) });
    return events;
  }

  async #serve(
    guest: GuestNode,
    name: string,
    { beside, after }: { readonly beside: string; readonly after: Promise<ServedNode> | undefined },
  ): Promise<void> {
    await after?.then(
      (served) => served.close(),
      () => {},
    );
    if (this.#nodes.get(name) !== guest) return;
    try {
      const serving = this.#options.serve(name, guest.handler, beside);
      this.#served.set(guest, serving);
      const served = await serving;
      if (this.#nodes.get(name) === guest) guest.served();
      else await this.#close(guest, served);
    } catch (problem) {
      guest.refuse(messageOf(problem));
      this.#served.delete(guest);
      this.#remove(guest);
    }
  }

  #remove(guest: GuestNode): void {
    if (![...this.#nodes.values()].includes(guest)) return;
    for (const [name, known] of [...this.#nodes]) if (known === guest) this.#nodes.delete(name);
    const serving = this.#served.get(guest);
    if (serving === undefined) guest.close();
    else void serving.then((served) => this.#close(guest, served), ignore);
  }

  /** Its senders hear what became of their messages before its link goes. */
  async #close(guest: GuestNode, served: ServedNode): Promise<void> {
    await served.close();
    guest.close();
    this.#served.delete(guest);
  }

  #hasRoomForRelay(): boolean {
    if (this.#relays.size < MOST_RELAYS) return true;
    for (const [key, relay] of [...this.#relays]) if (relay.isEmpty) this.#relays.delete(key);
    return this.#relays.size < MOST_RELAYS;
  }

  #relayFor(from: string, target: string): InSessions {
    const key = keyOf(from, target);
    const known = this.#relays.get(key);
    if (known) return known;
    const { clock, limits, schedule, trust, send, mesh } = this.#options;
    const boot = randomId();
    const relay = new InSessions({
      ...{ node: target, boot, clock, limits, schedule },
      handler: passThrough(send, target, { from, hasLanes: true }),
      // A window of them: order and pace are those of the session that they are passed on by.
      concurrency: limits.outstanding,
      tally: new ReceivedTally(),
      // Of all its links the one that leads to itself is for events.
      ...(target === from && { events: new GuestEvents(from, boot, mesh) }),
      ...(trust && { mayPublish: (name: string, subject: string) => trust.mayPublish(name, subject) }),
      refused: (name, peer, reason) => trust?.refused({ node: target, peer, from: name, reason }),
    });
    this.#relays.set(key, relay);
    return relay;
  }
}

function keyOf(from: string, target: string): string {
  return JSON.stringify([from, target]);
}

function ignore(): void {}
