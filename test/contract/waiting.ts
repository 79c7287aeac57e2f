/** A door that handlers wait at. */
export class Gate {
  readonly open: Promise<void>;
  #release = () => {};
  #arrived = 0;
  readonly #changed = new Set<() => void>();

  constructor() {
    this.open = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  arrive(): void {
    this.#arrived++;
    for (const changed of this.#changed) changed();
    this.#changed.clear();
  }

  async arrivals(count: number): Promise<void> {
    while (this.#arrived < count) await new Promise<void>((resolve) => this.#changed.add(resolve));
  }

  release(): void {
    this.#release();
  }
}

/** Lets a few turns of the event loop pass, for what must not happen. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

export async function collect(acks: AsyncIterable<unknown>): Promise<string[]> {
  const collected: string[] = [];
  for await (const ack of acks) collected.push(String(ack));
  return collected;
}

/** What became of a message: its ack, or the error's code, or its text. */
export function codeOf(result: PromiseSettledResult<unknown>): string {
  return result.status === "fulfilled" ? String(result.value) : (result.reason.code ?? result.reason.message);
}
