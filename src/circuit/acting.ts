import { describeThrown } from "../core/error.js";
import { isConsequence, type Standstill } from "./standstill.js";

export interface ActingOptions {
  /** What stands still at the moment. */
  readonly standstills: () => readonly Standstill[];
  /** Whether others, or pins, may have something to do although nothing acts by itself. */
  readonly isReacting: () => boolean;
  readonly signal: AbortSignal;
  readonly notice: (text: string) => void;
}

/** What acts by itself in a circuit, also what begins late: the circuit ends when all of it has ended. */
export class Acting {
  readonly #options: ActingOptions;
  readonly #ended: Promise<void>;
  #end = () => {};
  #fail = (_error: unknown) => {};
  #running = 0;
  /** One has ended by itself. */
  #hasEnded = false;

  constructor(options: ActingOptions) {
    this.#options = options;
    this.#ended = new Promise<void>((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    this.#ended.catch(() => {});
  }

  /**
   * Takes in something that has begun. Where something stands still, what fails for it stops alone.
   *
   * @param who Its name, for a person.
   */
  add(who: string, run: Promise<unknown>): void {
    this.#running++;
    run.then(
      () => this.#endOne(true),
      (error: unknown) => {
        if (!this.#isExcused(error)) return this.#fail(error);
        // Why something on a board that is gone stops was told with the board.
        const isOwn = this.#options
          .standstills()
          .some(
            ({ nodes, flows }) => nodes.includes(who) || flows.some((flow) => who === `The flow ${flow}`),
          );
        if (!isOwn) this.#options.notice(`${who} stops, all else goes on: ${describeThrown(error)}`);
        this.#endOne(false);
      },
    );
  }

  /**
   * Resolves when nothing runs any more: never where nothing has begun, nor where all was stopped by a board that is not
   * there and something is left that reacts.
   *
   * @throws What the first of it rejects with, as soon as it does.
   */
  done(): Promise<void> {
    return this.#ended;
  }

  #isExcused(error: unknown): boolean {
    const { standstills, signal } = this.#options;
    return standstills().length > 0 && isConsequence(error) && !signal.aborted;
  }

  #endOne(byItself: boolean): void {
    this.#hasEnded ||= byItself;
    this.#running--;
    if (this.#running === 0 && (this.#hasEnded || !this.#options.isReacting())) this.#end();
  }
}
