import { type Msg, headers as makeHeaders, type NatsConnection } from "@nats-io/transport-node";
import type { Clock } from "../../core/clock.js";
import { Queue } from "../../core/queue.js";
import { encodeChannel } from "../channel.js";
import type { MeshLimits } from "../limits.js";
import type { Node } from "../node.js";
import { type FrameTap, tapOf } from "../tap.js";
import type { EndpointStats } from "./service.js";
import { channelOf } from "./subjects.js";
import { traceOf } from "./trace-headers.js";

/** Numbers in `Nats-Service-Error-Code`, as HTTP has them. */
export const ERROR_CODE = { badRequest: 400, failed: 500, busy: 503 } as const;

const LEAVING = "the node is leaving";

export interface RequestsOptions {
  readonly node: Node;
  readonly concurrency: number;
  readonly stats: EndpointStats;
  readonly clock: Clock;
  readonly limits: MeshLimits;
  readonly tap?: FrameTap | undefined;
}

interface Channel {
  readonly name: string;
  readonly waiting: Queue<Msg>;
  running: number;
}

/** Single requests of any NATS client: each gets one ack, one after the other on each channel. */
export class Requests {
  readonly #options: RequestsOptions;
  readonly #channels = new Map<string, Channel>();
  #waiting = 0;
  #isLeaving = false;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /** Takes a request, or refuses it. */
  take(client: NatsConnection, message: Msg): void {
    const { node, limits, stats } = this.#options;
    const name = channelOf(node.name, message.subject);
    const isKnown = name !== undefined && Buffer.byteLength(name) <= limits.channelBytes;
    if (!isKnown || message.data.length > limits.frameBytes) {
      stats.refused(`${message.subject}: no such channel, or over ${limits.frameBytes} bytes`);
      respondError(client, message, ERROR_CODE.badRequest, "no such channel, or too long a message");
      return;
    }
    if (this.#isLeaving) {
      respondError(client, message, ERROR_CODE.busy, LEAVING);
      return;
    }
    if (this.#waiting >= limits.outstanding) {
      stats.refused("too many requests wait");
      respondError(client, message, ERROR_CODE.busy, `${this.#waiting} requests wait already`);
      return;
    }
    let channel = this.#channels.get(name);
    if (channel === undefined) {
      channel = { name, waiting: new Queue(), running: 0 };
      this.#channels.set(name, channel);
    }
    channel.waiting.push(message);
    this.#waiting++;
    this.#run(client, channel);
  }

  /** Refuses what waits, and what comes: the node leaves, and another member may take it. */
  leave(client: NatsConnection): void {
    this.#isLeaving = true;
    for (const { waiting } of this.#channels.values()) {
      for (const message of waiting.drain()) respondError(client, message, ERROR_CODE.busy, LEAVING);
    }
    this.#waiting = 0;
  }

  #run(client: NatsConnection, channel: Channel): void {
    while (channel.running < this.#options.concurrency) {
      const message = channel.waiting.shift();
      if (message === undefined) break;
      this.#waiting--;
      this.#handle(client, channel, message);
    }
    const isIdle = channel.running === 0 && channel.waiting.length === 0;
    if (isIdle && this.#channels.get(channel.name) === channel) this.#channels.delete(channel.name);
  }

  #handle(client: NatsConnection, channel: Channel, message: Msg): void {
    const { node, stats, clock } = this.#options;
    const text = textOf(message.data);
    if (text === undefined) {
      stats.refused("no UTF-8");
      respondError(client, message, ERROR_CODE.badRequest, "the message is not UTF-8");
      return;
    }
    const tap = this.#options.tap && tapOf(this.#options.tap, `nats${encodeChannel(channel.name)}`);
    tap?.("in", message.data);
    const startMs = clock.now();
    let isDone = false;
    channel.running++;
    const done = (problem?: string) => {
      if (isDone) return;
      isDone = true;
      channel.running--;
      stats.handled(clock.now() - startMs, problem);
      ended();
      queueMicrotask(() => this.#run(client, channel));
    };
    const { inbox, ended } = node.open(
      channel.name,
      {
        isFull: () => false,
        ack: (ack) => {
          tap?.("out", Buffer.from(ack));
          respond(client, message, ack);
          queueMicrotask(done);
        },
        refuse: (reason) => {
          respondError(client, message, ERROR_CODE.failed, reason);
          queueMicrotask(() => done(reason));
        },
        setReading: () => {},
      },
      () => {
        respondError(client, message, ERROR_CODE.busy, "the node has left");
        done("the node has left");
      },
      traceOf(message),
    );
    inbox.push(text);
  }
}

/** Answers a request that failed, with the headers of ADR-32. */
export function respondError(client: NatsConnection, message: Msg, code: number, reason: string): void {
  if (!message.reply || client.isClosed()) return;
  const headers = makeHeaders();
  headers.set("Nats-Service-Error", reason.replace(/[\r\n]+/g, " "));
  headers.set("Nats-Service-Error-Code", String(code));
  client.publish(message.reply, undefined, { headers });
}

/** Answers a request; one without a reply subject was a plain publish, and gets none. */
export function respond(client: NatsConnection, message: Msg, payload: string): void {
  if (message.reply && !client.isClosed()) client.publish(message.reply, payload);
}

function textOf(data: Uint8Array): string | undefined {
  try {
    return decoder.decode(data);
  } catch {
    return undefined;
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
