import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import type { TestContext } from "node:test";
import { type RawData, WebSocket } from "ws";
import { jsonFrame, readJson } from "./frame-proxy.js";

/** First bytes of the records of a greeting, as docs/protocol.md has them. */
export const HELLO = 0x01;
export const WELCOME = 0x02;
export const BYE = 0x03;
export const CHALLENGE = 0x06;
export const PROOF = 0x07;
const GREETING: readonly number[] = [HELLO, WELCOME, BYE, CHALLENGE, PROOF];

type Told = readonly [type: number, fields: Record<string, unknown>];

/** A client of `circuit.1` that is none of ours: written by the document. */
export class FramedClient {
  readonly #ws: WebSocket;
  readonly #heard: Told[] = [];
  readonly #closed: Promise<unknown>;
  #wake = () => {};
  #isClosed = false;

  constructor(ws: WebSocket) {
    this.#ws = ws;
    ws.on("error", () => {});
    ws.on("message", (data: RawData) => {
      const frame = data as Buffer;
      const type = frame[0] ?? 0;
      this.#heard.push([type, GREETING.includes(type) ? readJson(frame) : {}]);
      this.#wake();
    });
    this.#closed = once(ws, "close").then(() => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  send(frame: Uint8Array): void {
    this.#ws.send(frame);
  }

  hello(fields: object): Buffer {
    const frame = jsonFrame(HELLO, { version: 1, sender: "s", target: "buzzer", channels: [], ...fields });
    this.send(frame);
    return frame;
  }

  /** What the node says next. */
  async next(): Promise<Told> {
    for (;;) {
      const told = this.#heard.shift();
      if (told) return told;
      if (this.#isClosed) throw new Error("The node has closed the connection");
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** What the node still says until it closes the connection. */
  async rest(): Promise<Told[]> {
    await this.#closed;
    return this.#heard.splice(0);
  }

  /** Greets as the document says, and returns the last word: a welcome or a bye. */
  async greet(
    fields: { readonly from: string; readonly sender: string },
    secrets: Readonly<Record<string, string>>,
  ): Promise<Told> {
    const hello = this.hello({ ...fields, nonce: Buffer.alloc(32, 5).toString("base64url") });
    const [, { node, boot, nonce }] = await this.next();
    const hmac = createHmac("sha256", secrets[fields.from] ?? "");
    for (const part of [
      Buffer.from("circuit.1 sender"),
      Buffer.from(fields.from),
      Buffer.from(String(node)),
      Buffer.from(String(boot)),
      createHash("sha256").update(hello).digest(),
      Buffer.from(String(nonce), "base64url"),
      Buffer.alloc(0),
    ]) {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      hmac.update(length).update(part);
    }
    this.send(jsonFrame(PROOF, { proofs: [hmac.digest("base64url")] }));
    return this.next();
  }
}

export async function framedClient(
  context: TestContext,
  url: string,
  options: ConstructorParameters<typeof WebSocket>[2] = {},
): Promise<FramedClient> {
  const ws = new WebSocket(url, "circuit.1", options);
  const client = new FramedClient(ws);
  context.after(() => ws.terminate());
  await once(ws, "open");
  return client;
}
