import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Random } from "../../../src/core/random.js";
import { FrameWriter } from "../../../src/mesh/framed/frame-writer.js";
import type { Interest } from "../../../src/mesh/framed/records.js";
import { frame, handshake } from "../raw-client.js";

/** What a hostile connection is: before anything, on the plain protocol, framed and without a hello, framed. */
export const STAGES = ["raw", "plain", "framed", "greeted"] as const;
export type Stage = (typeof STAGES)[number];

/** Cases on one connection, if it lives so long. */
const CASES_PER_CONNECTION = 8;

/** Makes hostile input, the same for the same numbers. */
export class Fuzzer {
  readonly #random: Random;
  readonly #port: number;

  constructor(random: Random, port: number) {
    this.#random = random;
    this.#port = port;
  }

  /** Opens a connection and sends up to so many cases. Returns how many were sent. */
  async attack(atMost: number): Promise<number> {
    const stage = this.#pick(STAGES);
    const socket = connect(this.#port, "127.0.0.1");
    socket.on("error", () => {});
    socket.resume();
    let sent = 0;
    try {
      await this.#prepare(socket, stage);
      const most = stage === "raw" ? 1 : CASES_PER_CONNECTION;
      while (sent < Math.min(atMost, most) && !socket.destroyed && socket.writable) {
        sent++;
        await write(socket, this.#next(stage));
        await new Promise((resolve) => setImmediate(resolve)); // to see whether it was closed
      }
    } catch {
      sent ||= 1; // it was closed meanwhile
    }
    // Without waiting for the other end, or the ports of this machine would be used up.
    if (this.#below(8) === 0) socket.resetAndDestroy();
    else socket.destroy();
    return Math.max(1, sent);
  }

  async #prepare(socket: Socket, stage: Stage): Promise<void> {
    await once(socket, "connect");
    if (stage === "raw") return;
    const more = stage === "plain" ? [] : ["Sec-WebSocket-Protocol: circuit.1"];
    const path = this.#below(2) === 0 ? "/" : "/datafeed";
    await write(socket, Buffer.from(`${handshake(this.#port, { path, more }).join("\r\n")}\r\n\r\n`));
    if (stage === "greeted") await write(socket, frame(2, this.#hello()));
  }

  #next(stage: Stage): Buffer {
    if (stage === "raw") return this.#mutate(Buffer.from(`${handshake(this.#port).join("\r\n")}\r\n\r\n`));
    if (stage === "plain") return this.#wrap(1, this.#mutate(Buffer.from(this.#payload())));
    const records = stage === "framed" ? this.#hello() : this.#records();
    return this.#wrap(2, this.#mutate(records));
  }

  /** A WebSocket frame, mostly a right one. */
  #wrap(opcode: number, payload: Buffer): Buffer {
    const dice = this.#below(20);
    if (dice === 0) return this.#mutate(frame(opcode, payload), 1);
    if (dice === 1) return frame(this.#below(16), payload, { final: this.#below(2) === 0 });
    if (dice === 2) return frame(opcode, payload, { length: this.#number() });
    return frame(opcode, payload);
  }

  #hello(): Buffer {
    const writer = new FrameWriter();
    const sender = `fuzz-${this.#below(8)}`;
    const channels = Array.from({ length: this.#below(3) }, () => [
      this.#number(),
      this.#payload(),
      this.#number(),
    ]);
    writer.json(0x01, { version: 1, sender, target: "node", channels: this.#below(2) ? channels : [] });
    return Buffer.from(writer.take());
  }

  /** What a sender may say, and now and then what only a receiver may. */
  #records(): Buffer {
    const writer = new FrameWriter();
    writer.open(0, "a");
    for (let count = 1 + this.#below(8); count > 0; count--) this.#record(writer);
    return Buffer.from(writer.take());
  }

  #record(writer: FrameWriter): void {
    const channel = this.#below(4);
    const dice = this.#below(50);
    if (dice >= 40) this.#eventRecord(writer);
    else if (dice < 20)
      writer.message(channel, 1 + this.#below(6), this.#payload(), this.#below(4) ? undefined : {});
    else if (dice < 24) writer.open(channel, this.#payload());
    else if (dice < 28) writer.numbers(0x13, channel, this.#number());
    else if (dice < 32) writer.numbers(0x12, channel, this.#below(6));
    else if (dice < 35) writer.numbers(0x04, this.#number());
    else if (dice < 36) writer.numbers(0x05, this.#number());
    else if (dice < 37) writer.json(0x03, {});
    else if (dice < 38) writer.ack(channel, this.#number(), this.#payload());
    else if (dice < 39) writer.numbers(0x22, channel, this.#number());
    else writer.numbers(0x21, channel, this.#number(), this.#number());
  }

  /** What processes say to each other of events. */
  #eventRecord(writer: FrameWriter): void {
    const subject = this.#pick(["a", "a.b", "a.*", "circuit.x", ">", ""]);
    const dice = this.#below(10);
    if (dice < 3) writer.interest(this.#interest(subject));
    else if (dice < 5) writer.event(subject, this.#payload(), this.#below(2) ? {} : undefined);
    else if (dice < 7)
      writer.eventTo({ queue: this.#pick(["q", "", "a b"]) }, subject, this.#payload(), undefined);
    else if (dice < 9) writer.eventTo({ ask: this.#number() }, subject, this.#payload(), undefined);
    else writer.numbers(0x34, this.#number(), this.#number());
  }

  #interest(pattern: string): Interest {
    const few = () => Array.from({ length: this.#below(3) });
    return {
      process: `process-${this.#below(4)}`,
      patterns: [pattern],
      queues: few().map(() => [pattern, this.#pick(["q", "p", "a b"])]),
      last: few().map(() => [this.#number(), pattern, this.#number()]),
    };
  }

  #payload(): string {
    const dice = this.#below(10);
    if (dice === 0) return "page";
    if (dice === 1) return "throw";
    if (dice === 2) return "later";
    if (dice === 3) return "\u{1f514}".repeat(this.#below(100));
    return "x".repeat(this.#below(40));
  }

  /** Mostly a small number, else one at an edge. */
  #number(): number {
    const edges = [0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32, 2 ** 53 - 1];
    return this.#below(3) > 0 ? this.#below(8) : this.#pick(edges);
  }

  /** Leaves half of what it gets as it is, and changes the other half somewhere. */
  #mutate(bytes: Buffer, least = 0): Buffer {
    let mutated = Buffer.from(bytes);
    for (let count = Math.max(least, this.#below(2) * this.#below(4)); count > 0; count--) {
      const at = this.#below(mutated.length + 1);
      const rest = mutated.subarray(at);
      const dice = this.#below(5);
      if (dice === 0) mutated = Buffer.from(mutated.subarray(0, at));
      else if (dice === 1) mutated = Buffer.concat([mutated.subarray(0, at), this.#bytes(), rest]);
      else if (dice === 2) mutated = Buffer.concat([mutated, rest]);
      else if (dice === 3) mutated = Buffer.concat([mutated.subarray(0, at), rest.subarray(1)]);
      else if (at < mutated.length) mutated[at] = (mutated[at] ?? 0) ^ (1 << this.#below(8));
    }
    return mutated;
  }

  #bytes(): Buffer {
    return Buffer.from(Array.from({ length: 1 + this.#below(12) }, () => this.#below(256)));
  }

  #pick<T>(from: readonly T[]): T {
    // The cast: there is one of that number.
    return from[this.#below(from.length)] as T;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

function write(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
