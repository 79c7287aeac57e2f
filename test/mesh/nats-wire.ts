import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A message as the plain NATS protocol carries it. */
export interface WireMessage {
  readonly subject: string;
  readonly sid: string;
  readonly reply: string | undefined;
  /** Header lines, the status line first; empty where there are none. */
  readonly headers: readonly string[];
  readonly bytes: Buffer;
  readonly text: string;
}

/** A foreign NATS client: https://docs.nats.io/reference/reference-protocols/nats-protocol, over a bare socket. */
export class NatsWire {
  readonly #socket: Socket;
  #chunks = Buffer.alloc(0);
  #messages: WireMessage[] = [];
  readonly #waiting = new Set<() => void>();
  #sids = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => this.#read(chunk));
    socket.on("error", () => {});
  }

  static async connect(port: number): Promise<NatsWire> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.setNoDelay(true);
    const wire = new NatsWire(socket);
    wire.write('CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n');
    return wire;
  }

  write(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Subscribes, and returns the id that messages will have. */
  subscribe(subject: string, queue = ""): string {
    const sid = String(++this.#sids);
    this.write(`SUB ${subject} ${queue} ${sid}\r\n`);
    return sid;
  }

  publish(subject: string, payload: string | Uint8Array, reply = "", headers: readonly string[] = []): void {
    const data = Buffer.from(payload);
    const head = headers.length > 0 ? `NATS/1.0\r\n${headers.join("\r\n")}\r\n\r\n` : "";
    const headBytes = Buffer.byteLength(head);
    const line =
      headBytes > 0
        ? `HPUB ${subject} ${reply} ${headBytes} ${headBytes + data.length}`
        : `PUB ${subject} ${reply} ${data.length}`;
    this.write(Buffer.concat([Buffer.from(`${line}\r\n${head}`), data, Buffer.from("\r\n")]));
  }

  /** One request and its answer, as `nats req` does. */
  async request(subject: string, text: string, headers: readonly string[] = []): Promise<WireMessage> {
    const inbox = `_INBOX.wire.${++this.#sids}`;
    const sid = this.subscribe(inbox);
    this.publish(subject, text, inbox, headers);
    return this.next((message) => message.sid === sid);
  }

  /** The next message that is wanted; rejects after 5 s. */
  async next(isWanted: (message: WireMessage) => boolean): Promise<WireMessage> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#wake();
    }, 5_000);
    try {
      for (;;) {
        const index = this.#messages.findIndex(isWanted);
        const [found] = index < 0 ? [] : this.#messages.splice(index, 1);
        if (found) return found;
        if (late) throw new Error("No such message came within 5 s");
        await new Promise<void>((resolve) => {
          this.#waiting.add(resolve);
        });
      }
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #wake(): void {
    for (const look of this.#waiting) look();
    this.#waiting.clear();
  }

  #read(chunk: Buffer): void {
    this.#chunks = Buffer.concat([this.#chunks, chunk]);
    for (;;) {
      const end = this.#chunks.indexOf("\r\n");
      if (end < 0) return;
      const [verb = "", ...words] = this.#chunks.subarray(0, end).toString().split(" ");
      if (verb === "PING") this.write("PONG\r\n");
      if (verb !== "MSG" && verb !== "HMSG") {
        this.#chunks = this.#chunks.subarray(end + 2);
        continue;
      }
      const bytes = Number(words.at(-1));
      if (this.#chunks.length < end + 2 + bytes + 2) return;
      const headerBytes = verb === "HMSG" ? Number(words.at(-2)) : 0;
      const payload = this.#chunks.subarray(end + 2, end + 2 + bytes);
      const hasReply = words.length === (verb === "HMSG" ? 5 : 4);
      this.#messages.push({
        subject: words[0] ?? "",
        sid: words[1] ?? "",
        reply: hasReply ? words[2] : undefined,
        headers: payload
          .subarray(0, headerBytes)
          .toString()
          .split("\r\n")
          .filter((line) => line !== ""),
        bytes: payload.subarray(headerBytes),
        text: payload.subarray(headerBytes).toString(),
      });
      this.#chunks = this.#chunks.subarray(end + 2 + bytes + 2);
      this.#wake();
    }
  }
}
