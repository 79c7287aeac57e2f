import type { HeardEvent } from "../circuit/listen.js";
import { unlessAborted } from "../core/abort.js";
import { HandBack } from "../mesh/durable.js";
import type { Cli } from "./cli.js";

/**
 * What of the printed lines may be on its way to a slow reader before events wait, in characters: a burst of some seconds,
 * in 16 MiB of memory at most.
 */
const MOST_UNREAD = 8_388_608;

/** Prints events, no more quickly than somebody reads them. */
export class EventPrinter {
  readonly #cli: Pick<Cli, "write">;
  readonly #lineOf: (event: HeardEvent) => string;
  #unread = 0;

  constructor(cli: Pick<Cli, "write">, lineOf: (event: HeardEvent) => string) {
    this.#cli = cli;
    this.#lineOf = lineOf;
  }

  /**
   * Prints a live event. @returns What is to be waited for before there is room for more, where there is none.
   *
   * @throws The signal's own reason.
   */
  live(event: HeardEvent, signal: AbortSignal): Promise<void> | undefined {
    const line = this.#lineOf(event);
    this.#unread += line.length;
    const taken = () => {
      this.#unread -= line.length;
    };
    // Where nobody reads any more, the process ends by that.
    const done = this.#cli.write(line).then(taken, taken);
    return this.#unread > MOST_UNREAD ? unlessAborted(done, signal) : undefined;
  }

  /**
   * Prints a durable event, and resolves when it is out: until then it is not acknowledged.
   *
   * @throws {HandBack} Where nobody reads any more; the signal's own reason.
   */
  kept(event: HeardEvent, signal: AbortSignal): Promise<void> {
    const printed = this.#cli.write(this.#lineOf(event)).catch((unread: unknown) => {
      throw new HandBack(unread);
    });
    return unlessAborted(printed, signal);
  }
}
