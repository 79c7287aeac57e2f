import type { PublishOptions } from "../event.js";
import type { EventTally } from "../event-tally.js";
import type { SharedRecords } from "../framed/shared-records.js";
import { LocalSubscription } from "../local-subscription.js";
import type { Payload } from "../payload.js";
import type { EventBatch } from "./event-batch.js";
import type { Published } from "./letters.js";
import { NO_GROUPS, type QueueGroup, type QueueMember } from "./queue-group.js";
import type { Route } from "./routes.js";

type Chosen = readonly [here: readonly LocalSubscription[], links: number];

const NOBODY: Chosen = [[], 0];

/** Hands what is published to one of each queue. */
export class ToQueues {
  readonly #batch: EventBatch;
  readonly #isByName: boolean;
  readonly #tally: EventTally;

  constructor(batch: EventBatch, isByName: boolean, tally: EventTally) {
    this.#batch = batch;
    this.#isByName = isByName;
    this.#tally = tally;
  }

  /** @returns Those of this process that were chosen, who have not heard yet, and how many links. */
  publish({ groups }: Route, subject: string, data: Payload, { headers, from }: PublishOptions): Chosen {
    // Most subjects have no queues.
    if (groups === NO_GROUPS) return NOBODY;
    const event = { subject, data, headers, from };
    const here: LocalSubscription[] = [];
    let links = 0;
    for (const group of groups) {
      const taker = this.#offer(group, event);
      if (taker instanceof LocalSubscription) here.push(taker);
      else if (taker !== undefined) links++;
    }
    return [here, links];
  }

  /** Offers an event to a queue; counts it where nobody could take it. */
  #offer(group: QueueGroup, event: Published): LocalSubscription | QueueMember | undefined {
    const { subject, data, headers, from } = event;
    let records: SharedRecords | undefined;
    const taker = group.offer((member) => {
      if (member instanceof LocalSubscription) return true;
      // Where names are proved, each node publishes on links of its own.
      if (this.#isByName && member.link.peer.own !== (from ?? "")) return false;
      records ??= this.#batch.encode({ queue: group.queue }, subject, data, headers);
      return member.link.send(records, 0);
    });
    if (taker === undefined && records !== undefined) this.#tally.dropped++;
    return taker;
  }
}
