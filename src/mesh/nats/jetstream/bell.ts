import type { NatsConnection } from "@nats-io/transport-node";
import type { Clock } from "../../../core/clock.js";
import type { Connection } from "../connection.js";

/** Time between looks while it does not ring, in milliseconds: a notice may be lost. */
const LOOK_MS = 5_000;

/** Rings when something was published to a pattern, when the server is back, and now and then. */
export class Bell {
  readonly #connection: Connection;
  readonly #clock: Clock;
  #hasRung = false;
  #ring = () => {};
  #takeDown = () => {};

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  hang(pattern: string): void {
    const ring = () => {
      this.#hasRung = true;
      this.#ring();
    };
    let unsubscribe = () => {};
    const listen = (client: NatsConnection) => {
      const subscription = client.subscribe(pattern, { callback: ring });
      unsubscribe = () => {
        if (!subscription.isClosed()) subscription.unsubscribe();
      };
    };
    const stopListening = this.#connection.listen({
      up: (client, isNew) => {
        if (isNew) listen(client);
        ring();
      },
      closed: ring,
    });
    if (this.#connection.client) listen(this.#connection.client);
    this.#takeDown = () => {
      stopListening();
      unsubscribe();
    };
  }

  async wait(signal: AbortSignal | undefined): Promise<void> {
    const patience = new AbortController();
    this.#ring = () => patience.abort();
    const abort = () => patience.abort();
    signal?.addEventListener("abort", abort, { once: true });
    if (!this.#hasRung) await this.#clock.sleep(LOOK_MS, patience.signal).catch(() => {});
    signal?.removeEventListener("abort", abort);
    this.#hasRung = false;
  }

  close(): void {
    this.#takeDown();
  }
}
