import { WebSocket } from "ws";
import { type BackoffOptions, backoff } from "../../core/backoff.js";
import { CircuitError, messageOf } from "../../core/error.js";
import { Pushed } from "../../core/pushed.js";
import { checkUrl, withoutQuery } from "../http.js";
import { type Emission, emit, type FlowContext, type SourceFunction } from "../source.js";
import { nap } from "./wall.js";

export interface WebSocketOptions {
  readonly protocols?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Messages to send whenever a connection is made, such as what to subscribe to. */
  readonly greeting?: readonly string[];
  /** Between two pings, in milliseconds; a server that has said nothing from one to the next is gone. 0 for none. */
  readonly heartbeatMs?: number;
  /** For the connection to be made, in milliseconds; 10 000 by default. */
  readonly timeoutMs?: number;
  /** Waits before new connections; from 1 s to 60 s by default. */
  readonly backoff?: BackoffOptions;
  /** The try in a row that made no connection with which the source fails; never by default. */
  readonly failAfter?: number;
  /** A longer message closes the connection, in bytes. */
  readonly mostMessageBytes?: number;
}

/** What the source yields: `connect` and `disconnect` for each connection, `message` between. A query is left out of `url`. */
export type WebSocketItem =
  | Emission<"connect", { readonly url: string; readonly protocol: string }>
  | Emission<"message", string | Uint8Array>
  | Emission<"disconnect", { readonly url: string; readonly code: number; readonly reason: string }>;

/** What a NAT or a proxy keeps open for sure, in milliseconds. */
const HEARTBEAT_MS = 30_000;

const TIMEOUT_MS = 10_000;

const WAITS = { firstMs: 1_000, longestMs: 60_000 };

/** The code of a connection that ended without a word (RFC 6455, 7.1.5). */
const BROKEN = 1006;

const MOST_MESSAGE_BYTES = 16_777_216;

/** Messages that wait until the socket is read no further: its server then feels that we are slow. */
const MOST_WAITING = 256;

/**
 * What a server sends over a WebSocket, connecting anew for as long as the source runs. Texts are texts, all else bytes.
 * What is not taken in time waits here, then in the system's buffers, and then at the server; what waits here when the source
 * is stopped is dropped, counted in the flow's status and told.
 */
export function websocket(url: string | URL, options: WebSocketOptions = {}): SourceFunction<WebSocketItem> {
  const address = checkUrl(url, ["ws:", "wss:"]);
  return function websocket(context) {
    return connections(address, options, context);
  };
}

async function* connections(
  url: string,
  options: WebSocketOptions,
  context: FlowContext,
): AsyncGenerator<WebSocketItem, void> {
  const { failAfter = Number.POSITIVE_INFINITY } = options;
  const newWaits = () => backoff({ ...WAITS, ...options.backoff });
  let waits = newWaits();
  for (let failures = 0; !context.signal.aborted; ) {
    const connection = new Connection(url, options, context);
    yield* connection.items();
    if (context.signal.aborted) return;
    if (connection.hasHeard) waits = newWaits();
    failures = connection.isMade ? 0 : failures + 1;
    const waitMs = waits.next().value;
    const problem = connection.isMade ? "it has disconnected" : connection.problem;
    if (failures >= failAfter) throw missing(url, failures, problem);
    context.log(`Cannot hear ${withoutQuery(url)}: ${problem}; trying again in ${waitMs} ms`);
    if (!(await nap(context, waitMs))) return;
  }
}

/** One connection, from the try to its end. */
class Connection {
  isMade = false;
  /** Whether it was of use: one that is closed at once is no reason to hurry with the next. */
  hasHeard = false;
  #problem: string | undefined;
  readonly #url: string;
  readonly #options: WebSocketOptions;
  readonly #context: FlowContext;
  readonly #waiting: Pushed<WebSocketItem>;
  #isAlive = true;
  #cancel = () => {};

  constructor(url: string, options: WebSocketOptions, context: FlowContext) {
    this.#url = url;
    this.#options = options;
    this.#context = context;
    this.#waiting = new Pushed(MOST_WAITING, context);
  }

  get problem(): string {
    return this.#problem ?? (this.isMade ? "the connection broke" : "no connection");
  }

  async *items(): AsyncGenerator<WebSocketItem, void> {
    const { signal } = this.#context;
    const ws = this.#open();
    try {
      for await (const item of this.#waiting.items(signal)) {
        // As soon as half of it is free, so that reading is not switched for each message.
        if (ws.isPaused && this.#waiting.length <= MOST_WAITING / 2) {
          this.#isAlive = true;
          ws.resume();
        }
        yield item;
      }
    } finally {
      this.#cancel();
      ws.terminate();
      const left = this.#waiting.leave();
      if (left > 0)
        this.#context.log(
          `${left} messages of ${withoutQuery(this.#url)} were dropped: they waited at the end`,
        );
    }
  }

  #open(): WebSocket {
    const { protocols = [], headers = {}, timeoutMs = TIMEOUT_MS, mostMessageBytes } = this.#options;
    const ws = new WebSocket(this.#url, [...protocols], {
      headers,
      perMessageDeflate: false,
      maxPayload: mostMessageBytes ?? MOST_MESSAGE_BYTES,
    });
    ws.on("error", (error) => {
      this.#problem ??= explain(error);
    });
    this.#cancel = this.#context.clock.after(timeoutMs, () => {
      this.#problem ??= `no connection in ${timeoutMs} ms`;
      ws.terminate();
    });
    ws.once("open", () => this.#opened(ws));
    ws.on("message", (data: Buffer, isBinary) => this.#heard(ws, data, isBinary));
    ws.on("pong", () => this.#heard(ws));
    ws.on("ping", () => this.#heard(ws));
    ws.once("close", (code, reason) => this.#closed(code, reason.toString("utf8")));
    return ws;
  }

  #opened(ws: WebSocket): void {
    this.#cancel();
    this.isMade = true;
    this.#waiting.push(emit("connect", { url: withoutQuery(this.#url), protocol: ws.protocol }));
    for (const text of this.#options.greeting ?? []) ws.send(text);
    const { heartbeatMs = HEARTBEAT_MS } = this.#options;
    if (heartbeatMs > 0) this.#beat(ws, heartbeatMs);
  }

  #beat(ws: WebSocket, heartbeatMs: number): void {
    this.#cancel = this.#context.clock.after(heartbeatMs, () => {
      // While we do not read, we hear nobody.
      if (!this.#isAlive && !ws.isPaused) {
        this.#problem ??= `it has said nothing for ${heartbeatMs} ms`;
        ws.terminate();
        return;
      }
      this.#isAlive = false;
      ws.ping();
      this.#beat(ws, heartbeatMs);
    });
  }

  #heard(ws: WebSocket, data?: Buffer, isBinary = false): void {
    this.#isAlive = true;
    this.hasHeard = true;
    if (data === undefined) return;
    this.#waiting.push(emit("message", isBinary ? data : data.toString("utf8")));
    if (this.#waiting.isFull) ws.pause();
  }

  #closed(code: number, reason: string): void {
    this.#cancel();
    if (this.isMade) {
      const why = reason === "" && code === BROKEN ? this.problem : reason;
      this.#waiting.push(emit("disconnect", { url: withoutQuery(this.#url), code, reason: why }));
    }
    this.#waiting.end();
  }
}

/** Where several addresses failed, Node gives no message but a code. */
function explain(error: Error & { readonly code?: string }): string {
  if (error.code === "ECONNREFUSED") return "nobody listens there";
  return messageOf(error) || error.code || "no connection";
}

function missing(url: string, failures: number, problem: string): CircuitError {
  const tries = `${failures} tries in a row have failed, the last one with "${problem}"`;
  return new CircuitError("PEER_MISSING", `Cannot hear ${withoutQuery(url)}: ${tries}`, {
    hint: "Start the server, correct its address, or give a greater failAfter.",
  });
}
