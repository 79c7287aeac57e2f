import { CircuitError } from "../../core/error.js";
import { Pushed } from "../../core/pushed.js";
import type { FlowContext, SourceFunction } from "../source.js";

/** A message that was sent to the flow's node. */
export interface ChannelItem<Message = unknown> {
  readonly channel: string;
  readonly message: Message;
  /** The same for every delivery of this message, and of no other. */
  readonly key: string;
}

/** Where a node can be served. A mesh is one. */
export interface NodePlace<Message = unknown> {
  serve(
    name: string,
    handler: (delivery: {
      readonly channel: string;
      readonly message: Message;
      readonly idempotencyKey: string;
      readonly signal: AbortSignal;
    }) => Promise<unknown>,
    options?: { readonly host?: string; readonly port?: number },
  ): Promise<{ close(): Promise<void> }>;
}

export interface NodeChannelOptions {
  /** Only messages to this channel; others are refused. All by default. */
  readonly channel?: string;
  readonly host?: string;
  readonly port?: number;
  /** What a sender gets once its message has been taken; `acknowledged` by default. */
  readonly ack?: string;
}

/** Each waits in its sender's window too, which bounds what one sender has here; this bounds all of them. */
const MOST_WAITING = 1_024;

/**
 * Messages to a node of the mesh, which is there as long as the source runs. A message is acknowledged when the pipeline
 * asks for the next one: under `sync`, after it has been handled to the end. One that nobody takes any more is refused with
 * `NOT_RUN`, one that was being handled with `DELIVERY_UNKNOWN`.
 */
export function nodeChannel<Message>(
  place: NodePlace<Message>,
  name: string,
  { channel, ack = "acknowledged", ...options }: NodeChannelOptions = {},
): SourceFunction<ChannelItem<Message>> {
  return async function* nodeChannel(context: FlowContext): AsyncGenerator<ChannelItem<Message>, void> {
    const { signal } = context;
    const waiting = new Pushed<Waiting<Message>>(MOST_WAITING, context);
    const all = new Set<Waiting<Message>>();
    const node = await place.serve(
      name,
      async (delivery) => {
        if (channel !== undefined && delivery.channel !== channel)
          throw refusal(name, `its channel is ${channel}, not ${delivery.channel}`);
        if (waiting.isFull) waiting.dropNewest();
        if (waiting.isFull || signal.aborted)
          throw refusal(name, signal.aborted ? "it has stopped" : `${MOST_WAITING} messages wait already`);
        await new Promise<void>((taken, refused) => {
          const { message, idempotencyKey: key } = delivery;
          const one = { item: { channel: delivery.channel, message, key }, taken, refused };
          all.add(one);
          waiting.push(one);
        });
        return ack;
      },
      options,
    );
    try {
      for await (const one of waiting.items(signal)) {
        all.delete(one);
        let isTaken = false;
        try {
          yield one.item;
          isTaken = true;
        } finally {
          if (isTaken) one.taken();
          else one.refused(uncertainty(name));
        }
      }
    } finally {
      waiting.leave();
      for (const { refused } of all) refused(refusal(name, "it has stopped"));
      await node.close();
    }
  };
}

interface Waiting<Message> {
  readonly item: ChannelItem<Message>;
  taken(): void;
  refused(reason: unknown): void;
}

function refusal(name: string, problem: string): CircuitError {
  return new CircuitError("NOT_RUN", `Cannot take the message to ${name}: ${problem}`);
}

function uncertainty(name: string): CircuitError {
  return new CircuitError(
    "DELIVERY_UNKNOWN",
    `Cannot tell what became of the message to ${name}: it has stopped`,
  );
}
