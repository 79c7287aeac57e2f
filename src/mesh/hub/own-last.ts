import type { EventTally } from "../event-tally.js";
import { matches } from "../subject.js";
import { LastEvents } from "./last-events.js";
import type { Published } from "./letters.js";

/** What this process has published last: where names are proved, apart for each node, as each publishes for itself. */
export class OwnLast {
  readonly #isByName: boolean;
  readonly #tally: EventTally;
  /** By name; in no name where they are not told apart. */
  readonly #last = new Map<string, LastEvents>();

  constructor(isByName: boolean, tally: EventTally) {
    this.#isByName = isByName;
    this.#tally = tally;
  }

  /** What was published last on links of one node. */
  of(from = ""): LastEvents {
    const name = this.#isByName ? from : "";
    let last = this.#last.get(name);
    if (last === undefined) {
      last = new LastEvents(() => this.#tally.forgotten++);
      this.#last.set(name, last);
    }
    return last;
  }

  /** What was published last, by whichever node, on the subjects that a pattern takes in, in order. */
  find(pattern: string): Published[] {
    const found = [...this.#last.values()].flatMap((last) =>
      [...last].filter(({ subject }) => matches(pattern, subject)),
    );
    found.sort((one, other) => one.sequence - other.sequence);
    return found.map(({ subject, data, headers, from }) => ({
      subject,
      data,
      headers: headers && { ...headers },
      from,
    }));
  }
}
