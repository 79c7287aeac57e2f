import { five } from "../board/session/piezo.js";
import { Sketch, type SketchContext } from "./sketch.js";

export interface IoPinOptions {
  /** Digital pin to toggle. */
  readonly pin?: number;
  /** Probability that a bit is 0, from 0 to 1. */
  readonly chance?: number;
  /** Bits for each message. */
  readonly sequence?: number;
  /** Wait after each bit, in milliseconds. */
  readonly bitMs?: number;
  /** Node that the bits are streamed to. */
  readonly target?: string;
}

/** Channel of the bits. */
export const BIT_CHANNEL = "bits";

/** For each message: toggles its pin by some random bits, streams each confirmed one to the buzzer, then acks. */
export class IoPin extends Sketch {
  readonly #pinNumber: number;
  readonly #chance: number;
  readonly #sequence: number;
  readonly #bitMs: number;
  readonly #target: string;
  #pin: five.Pin | undefined;

  constructor({ pin = 13, chance = 0.5, sequence = 3, bitMs = 0, target = "buzzer" }: IoPinOptions = {}) {
    super();
    this.#pinNumber = pin;
    this.#chance = chance;
    this.#sequence = sequence;
    this.#bitMs = bitMs;
    this.#target = target;
  }

  override setup({ board }: SketchContext): void {
    this.#pin = new five.Pin({ pin: this.#pinNumber, board });
    board.ordered(this.#pinNumber);
  }

  override async loop(): Promise<string> {
    const bits = Array.from({ length: this.#sequence }, () => (this.random() < this.#chance ? 0 : 1));
    this.out(`toggling pin ${this.#pinNumber}: [${bits.join(", ")}]`);
    for await (const _ack of this.stream(this.#target, this.#write(bits), BIT_CHANNEL));
    return "acknowledged";
  }

  async *#write(bits: readonly number[]): AsyncGenerator<string> {
    for (const bit of bits) {
      this.#pin?.write(bit);
      await this.confirm(1);
      yield String(bit);
      if (this.#bitMs > 0) await this.clock.sleep(this.#bitMs, this.signal);
    }
  }
}
