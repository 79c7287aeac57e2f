import type { EventPeer } from "../framed/event-exchange.js";

/**
 * Who tells of events. Anybody can say to be a process. Where nodes prove their names, links are therefore told apart by
 * the name that was proved on them as well, and each node of this process has a process's id of its own.
 */
export class Origins {
  /** Whether nodes prove their names. */
  readonly isByName: boolean;
  readonly #process = crypto.randomUUID();
  readonly #processes = new Map<string, string>();

  constructor(isByName: boolean) {
    this.isByName = isByName;
  }

  /** See `EventExchange.processOf()`. */
  processOf(node: string): string {
    if (!this.isByName) return this.#process;
    let process = this.#processes.get(node);
    if (process === undefined) {
      process = crypto.randomUUID();
      this.#processes.set(node, process);
    }
    return process;
  }

  /** Whether an id is one of this process. */
  isOwn(process: string): boolean {
    return process === this.#process || [...this.#processes.values()].includes(process);
  }

  /** What the links have in common that tell of the same events. */
  of({ process, node, isProven }: EventPeer): string {
    if (!this.isByName) return process;
    return JSON.stringify(isProven ? [process, node] : [process]);
  }
}
