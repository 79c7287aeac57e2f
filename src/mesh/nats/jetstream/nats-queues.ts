import type { Consumer, DurableEvent } from "../../durable.js";
import type { EventHeaders } from "../../event.js";
import { checkPayload } from "../../payload.js";
import type { WorkInlet, WorkItem, WorkOptions, WorkQueues, WorkStream } from "../../work-queue.js";
import { encodeData, TYPE_HEADER, typeOf } from "../event-wire.js";
import { persist } from "../persist.js";
import { JetStreamApi } from "./api.js";
import { DurableConsumer } from "./durable-consumer.js";
import { Inlet } from "./inlet.js";
import { ID_HEADER } from "./kept-message.js";
import type { NatsDurableOptions } from "./nats-durable.js";
import { ensureWorkStream } from "./work-streams.js";
import { writeHeaders } from "./written-headers.js";

/**
 * Time after which what a process had that died is handed out again, in milliseconds: longer than an event loop is held up,
 * and short enough for whoever waits for it.
 */
const ACK_WAIT_MS = 5_000;

/** Items of a queue that all processes together may have: a hundred processes of a few hundred. */
const MOST_UNACKNOWLEDGED = 32_768;

/** Work queues of JetStream: streams with the retention of that name. */
export class NatsQueues implements WorkQueues {
  readonly #options: NatsDurableOptions;
  readonly #consumers = new Set<DurableConsumer>();
  readonly #inlets = new Set<WorkInlet>();

  constructor(options: NatsDurableOptions) {
    this.#options = options;
  }

  async open(stream: WorkStream): Promise<void> {
    const { connection, clock, untilUp } = this.#options;
    if (!connection.hasBeenUp) await untilUp();
    await persist(connection, clock, async (client) =>
      ensureWorkStream(await JetStreamApi.of(client), stream),
    );
  }

  inlet(stream: WorkStream): WorkInlet {
    const { connection, clock, limits, tally } = this.#options;
    const hasReplicas = (stream.keeping?.replicas ?? 1) > 1;
    const recentOf = hasReplicas ? stream.name : undefined;
    const unseat = () =>
      persist(connection, clock, async (client) => (await JetStreamApi.of(client)).unseat(stream.name));
    const inlet = new Inlet({
      ...{ connection, clock, recentOf, mend: () => this.open(stream) },
      unseat: hasReplicas ? unseat : undefined,
    });
    const made: WorkInlet = {
      put({ subject, id, data, headers, isAllowed, headersAgain: again }: WorkItem) {
        checkPayload(data, limits);
        const type = typeOf(data);
        const write = (given: EventHeaders) => {
          const entries = [[ID_HEADER, id] as const, ...Object.entries(given)];
          if (type !== undefined) entries.push([TYPE_HEADER, type]);
          return writeHeaders(entries);
        };
        const wire = write(headers);
        const headersAgain = again && hasReplicas ? () => write(again()) : undefined;
        tally.published++;
        return inlet.put({ subject, data: encodeData(data), headers: wire, isAllowed, headersAgain });
      },
      close: () => {
        this.#inlets.delete(made);
        inlet.close();
      },
    };
    this.#inlets.add(made);
    return made;
  }

  async take(
    stream: WorkStream,
    subject: string,
    handler: (event: DurableEvent) => unknown,
    options: WorkOptions,
  ): Promise<Consumer> {
    const { connection, clock, tally } = this.#options;
    const consumer = new DurableConsumer({
      ...{ connection, clock, handler, pattern: subject },
      // Whoever handles items has limits of its own for each step.
      options: { ...options, handlerMs: Number.POSITIVE_INFINITY },
      hold: (api) => ensureWorkStream(api, stream),
      ackWaitMs: ACK_WAIT_MS,
      hasSignals: false,
      looksBack: true,
      mostUnacknowledged: MOST_UNACKNOWLEDGED,
      heard: () => tally.received++,
      closed: (closed) => this.#consumers.delete(closed),
    });
    this.#consumers.add(consumer);
    await consumer.start();
    return consumer;
  }

  /** Lets what runs finish in the time that closing may take. */
  async close(): Promise<void> {
    const { closeMs } = this.#options.limits;
    await Promise.all([...this.#consumers].map((consumer) => consumer.drain(closeMs)));
    for (const inlet of [...this.#inlets]) inlet.close();
  }
}
