import { LocalSubscription } from "../local-subscription.js";
import type { EventLink } from "./event-link.js";

/** The other end of a link, as one of those who listen in the name of a queue. */
export class QueueMember {
  readonly queue: string;
  readonly link: EventLink;

  constructor(queue: string, link: EventLink) {
    this.queue = queue;
    this.link = link;
  }
}

/** Whose turn it is in a queue, whatever the subject: it goes on when members come and go. */
export interface Turn {
  next: number;
}

/** Those who listen to a subject in the name of one queue: of them one hears each event. */
export class QueueGroup {
  readonly queue: string;
  readonly #members: readonly (LocalSubscription | QueueMember)[];
  readonly #turn: Turn;

  constructor(queue: string, members: readonly (LocalSubscription | QueueMember)[], turn: Turn) {
    this.queue = queue;
    this.#members = members;
    this.#turn = turn;
  }

  /** Offers an event to one after the other, the next one first. @returns Who has taken it, if anybody has. */
  offer(
    takes: (member: LocalSubscription | QueueMember) => boolean,
  ): LocalSubscription | QueueMember | undefined {
    const count = this.#members.length;
    const first = this.#turn.next % count;
    for (let tried = 0; tried < count; tried++) {
      const member = this.#members[(first + tried) % count];
      if (member === undefined || !takes(member)) continue;
      this.#turn.next = first + tried + 1;
      return member;
    }
    return undefined;
  }

  /** The next one of this process; `undefined` where there is none. */
  takeHere(): LocalSubscription | undefined {
    const taken = this.offer((member) => member instanceof LocalSubscription);
    return taken instanceof LocalSubscription ? taken : undefined;
  }
}

/** Queues whose turns are kept in mind: as many as a process may listen in. */
const MOST_TURNS = 1_024;

/** Makes the groups of a subject, each of which goes on with the turn of its queue. */
export class QueueGroups {
  readonly #turns = new Map<string, Turn>();

  /** The groups that members are of. */
  of(members: readonly (LocalSubscription | QueueMember)[]): readonly QueueGroup[] {
    if (members.length === 0) return NO_GROUPS;
    const byQueue = new Map<string, (LocalSubscription | QueueMember)[]>();
    for (const member of members) {
      const { queue = "" } = member;
      const group = byQueue.get(queue);
      if (group) group.push(member);
      else byQueue.set(queue, [member]);
    }
    return [...byQueue].map(([queue, group]) => new QueueGroup(queue, group, this.#turnOf(queue)));
  }

  #turnOf(queue: string): Turn {
    let turn = this.#turns.get(queue);
    if (turn === undefined) {
      turn = { next: 0 };
      if (this.#turns.size >= MOST_TURNS) this.#turns.clear();
      this.#turns.set(queue, turn);
    }
    return turn;
  }
}

/** Most subjects have none. */
export const NO_GROUPS: readonly QueueGroup[] = [];
