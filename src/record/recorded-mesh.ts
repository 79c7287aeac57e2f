import { messageOf } from "../core/error.js";
import { Queue } from "../core/queue.js";
import { isThenable } from "../core/thenable.js";
import type { MeshEvent } from "../mesh/event.js";
import type { Delivery, Handler, Mesh, Messages, StreamOptions } from "../mesh/mesh.js";
import type { Payload } from "../mesh/payload.js";
import { answerOf } from "../mesh/text.js";
import type { Journal } from "./journal.js";

/**
 * A mesh whose messages, acknowledgements and events are recorded, as the nodes of this process see them. Events of
 * streams, queues and buckets that a server keeps are not.
 */
export function recordedMesh(mesh: Mesh, journal: Journal): Mesh {
  const notes = new MeshNotes(journal);
  return {
    serve: (name, handler, options) => {
      notes.local.add(name);
      return mesh.serve(name, notes.handler(name, handler), options);
    },
    send: (target, message, options) => {
      const ack = mesh.send(target, message, options);
      return notes.local.has(target) ? ack : notes.sent(target, message, ack, options);
    },
    stream: (target, messages, options) =>
      notes.local.has(target)
        ? mesh.stream(target, messages, options)
        : notes.streamed(mesh, target, messages, options),
    publish: (subject, data, options) => {
      notes.event("published", subject, data);
      return mesh.publish(subject, data, options);
    },
    publishOwn: (subject, data, options) => {
      notes.event("published", subject, data);
      mesh.publishOwn(subject, data, options);
    },
    subscribe: (pattern, handler, options) =>
      mesh.subscribe(
        pattern,
        (event) => {
          notes.heard(event);
          return handler(event);
        },
        options,
      ),
    join: () => mesh.join(),
    get durable() {
      return mesh.durable;
    },
    ...(mesh.queues && { queues: mesh.queues }),
    ...(mesh.bucket && { bucket: mesh.bucket.bind(mesh) }),
    counts: () => mesh.counts(),
    close: () => mesh.close(),
  };
}

/** The mesh itself refuses what is too long. */
const NO_LIMITS = { frameBytes: Number.POSITIVE_INFINITY };

class MeshNotes {
  /** Nodes of this process: their messages are recorded where they arrive. */
  readonly local = new Set<string>();
  readonly #journal: Journal;
  /** Several listeners of this process may hear one event. */
  #lastHeard: MeshEvent | undefined;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  handler(node: string, handler: Handler): Handler {
    return (delivery) => {
      const { channel, message } = delivery;
      const id = this.#message(node, { channel, message, from: senderOf(delivery) });
      let answer: unknown;
      try {
        answer = handler(delivery);
      } catch (error) {
        this.#failed(id, error);
        throw error;
      }
      if (!isThenable(answer)) this.#answered(id, answer);
      else
        Promise.resolve(answer).then(
          (settled) => this.#answered(id, settled),
          (error: unknown) => this.#failed(id, error),
        );
      return answer;
    };
  }

  /** A message on its way to a node of another process. */
  sent(
    node: string,
    message: Payload,
    ack: Promise<Payload>,
    { channel = "", from = "" }: StreamOptions = {},
  ): Promise<Payload> {
    const id = this.#message(node, { channel, from, message });
    ack.then(
      (payload) => this.#ack(id, payload, false),
      (error: unknown) => this.#failed(id, error),
    );
    return ack;
  }

  /** The same for many; their acks come in order. */
  streamed(
    mesh: Mesh,
    node: string,
    messages: Messages,
    options: StreamOptions = {},
  ): AsyncIterableIterator<Payload> {
    const { channel = "", from = "" } = options;
    const waiting = new Queue<number>();
    const noted = (message: Payload) => waiting.push(this.#message(node, { channel, from, message }));
    const acks = mesh.stream(node, passing(messages, noted), options);
    return {
      next: async () => {
        try {
          const result = await acks.next();
          const id = result.done ? undefined : waiting.shift();
          if (id !== undefined) this.#ack(id, result.value, false);
          return result;
        } catch (error) {
          for (const id of waiting.drain()) this.#failed(id, error);
          throw error;
        }
      },
      return: async (value) => (await acks.return?.(value)) ?? { done: true, value: undefined },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  heard(event: MeshEvent): void {
    if (event === this.#lastHeard) return;
    this.#lastHeard = event;
    this.event("heard", event.subject, event.data);
  }

  event(what: "published" | "heard", subject: string, payload: Payload): void {
    this.#journal.add({ kind: "event", atMs: this.#journal.nowMs, what, subject, payload });
  }

  #message(
    node: string,
    { channel, from = "", message }: Pick<Delivery, "channel" | "from" | "message">,
  ): number {
    const id = this.#journal.nextMessage();
    const atMs = this.#journal.nowMs;
    this.#journal.add({ kind: "message", atMs, id, from, node, channel, payload: message });
    return id;
  }

  #answered(id: number, answer: unknown): void {
    let payload: Payload;
    try {
      payload = answerOf(answer, NO_LIMITS);
    } catch (error) {
      this.#failed(id, error);
      return;
    }
    this.#ack(id, payload, false);
  }

  #failed(id: number, error: unknown): void {
    this.#ack(id, messageOf(error), true);
  }

  #ack(id: number, payload: Payload, isFailure: boolean): void {
    this.#journal.add({ kind: "ack", atMs: this.#journal.nowMs, id, payload, isFailure });
  }
}

/**
 * Who sent a message: the node whose handler waits for it, or what its session says, which nodes of one process may share.
 */
function senderOf({ chain, from = "" }: Delivery): string {
  const caller = chain.at(-2);
  return caller === undefined ? from : caller.slice(0, caller.indexOf("/"));
}

/** Messages as they are, each noted when it is taken. */
function passing(messages: Messages, noted: (message: Payload) => void): Messages {
  // What is no list of messages, the mesh refuses.
  if (typeof messages !== "object" || messages instanceof Uint8Array) return messages;
  const note = (result: IteratorResult<Payload>) => {
    if (!result.done) noted(result.value);
    return result;
  };
  if (Symbol.asyncIterator in messages) {
    return {
      [Symbol.asyncIterator]() {
        const source = messages[Symbol.asyncIterator]();
        return {
          next: async () => note(await source.next()),
          return: async () => (await source.return?.()) ?? { done: true, value: undefined },
        };
      },
    };
  }
  return {
    [Symbol.iterator]() {
      const source = messages[Symbol.iterator]();
      return {
        next: () => note(source.next()),
        return: () => source.return?.() ?? { done: true, value: undefined },
      };
    },
  };
}
