import { once } from "node:events";
import { createServer, type Server, type Socket, connect as tcpConnect } from "node:net";
import type { Random } from "../../../src/core/random.js";

/** What a proxy does to bytes on their way. Connections take on the mood that it has when they come about. */
export interface Mood {
  /** Longest wait of a chunk, in milliseconds; what comes meanwhile is merged with it. */
  readonly delayMs: number;
  /** Longest piece in which bytes leave; 1 for each on its own, as far as the first thousand. */
  readonly pieceBytes: number;
  /** Bytes after which a connection is cut, half as many at least; `Infinity` for never. */
  readonly cutAfterBytes: number;
}

export const CALM: Mood = { delayMs: 0, pieceBytes: 65_536, cutAfterBytes: Number.POSITIVE_INFINITY };

/** Bytes that leave one by one at most, in each direction: they cost a write each. */
const MOST_SINGLE_BYTES = 1_000;

/** Stands between clients and a server, and delays, stalls, splits, merges and cuts what passes. */
export class WildProxy {
  mood: Mood = CALM;
  readonly #random: Random;
  /** Where the server is at the moment. */
  #findPort: () => number;
  #server: Server | undefined;
  readonly #pairs = new Set<Pair>();
  #isDown = false;

  constructor(random: Random, findPort: () => number) {
    this.#random = random;
    this.#findPort = findPort;
  }

  /** Listens, and returns the port. */
  async open(host = "127.0.0.1"): Promise<number> {
    this.#server = createServer((near) => this.#join(near));
    this.#server.listen(0, host);
    await once(this.#server, "listening");
    const address = this.#server.address();
    return typeof address === "object" ? (address?.port ?? 0) : 0;
  }

  /** Cuts every connection. */
  cut(): void {
    for (const pair of [...this.#pairs]) pair.cut();
  }

  /** Lets nothing through the connections that there are, and says nothing of it. */
  stall(): void {
    for (const pair of this.#pairs) pair.isStalled = true;
  }

  /** Cuts every connection as soon as it comes about, or does not any more. */
  set isDown(isDown: boolean) {
    this.#isDown = isDown;
    if (isDown) this.cut();
  }

  close(): void {
    this.#server?.close();
    this.cut();
  }

  #join(near: Socket): void {
    if (this.#isDown) {
      near.destroy();
      return;
    }
    const pair = new Pair(near, this.#findPort(), this.mood, this.#random);
    this.#pairs.add(pair);
    for (const socket of pair.ends) {
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#pairs.delete(pair);
        if (!pair.isStalled) pair.cut();
      });
    }
  }
}

/** A connection, in two halves. */
class Pair {
  isStalled = false;
  readonly ends: readonly Socket[];
  readonly #mood: Mood;
  readonly #random: Random;
  readonly #farPort: number;
  #leftBytes: number;

  constructor(near: Socket, farPort: number, mood: Mood, random: Random) {
    const far = tcpConnect(farPort, "127.0.0.1");
    this.#farPort = farPort;
    this.ends = [near, far];
    this.#mood = mood;
    this.#random = random;
    this.#leftBytes = mood.cutAfterBytes * (0.5 + random() / 2);
    for (const socket of this.ends) socket.setNoDelay(true);
    this.#pass(near, far);
    this.#pass(far, near);
  }

  cut(): void {
    for (const socket of this.ends) socket.destroy();
  }

  /** A node wants to be asked by its own name and port. */
  #readdress(chunk: Buffer): Buffer {
    if (!chunk.subarray(0, 4).equals(Buffer.from("GET "))) return chunk;
    return Buffer.from(
      chunk.toString("latin1").replace(/^Host: .*$/m, `Host: localhost:${this.#farPort}`),
      "latin1",
    );
  }

  #pass(from: Socket, to: Socket): void {
    let waiting: Buffer[] = [];
    let singleBytes = 0;
    const flush = () => {
      const bytes = Buffer.concat(waiting);
      waiting = [];
      if (this.isStalled || to.destroyed) return;
      for (let at = 0; at < bytes.length; ) {
        const isSingle = this.#mood.pieceBytes === 1 && singleBytes < MOST_SINGLE_BYTES;
        if (isSingle) singleBytes++;
        const most = this.#mood.pieceBytes === 1 ? 65_536 : this.#mood.pieceBytes;
        const end = at + (isSingle ? 1 : 1 + Math.floor(this.#random() * most));
        to.write(bytes.subarray(at, end));
        at = end;
      }
      this.#leftBytes -= bytes.length;
      if (this.#leftBytes <= 0) this.cut();
    };
    from.on("data", (data: Buffer) => {
      const chunk = from === this.ends[0] ? this.#readdress(data) : data;
      if (waiting.push(chunk) > 1) return;
      if (this.#mood.delayMs === 0) flush();
      else setTimeout(flush, this.#random() * this.#mood.delayMs);
    });
  }
}
