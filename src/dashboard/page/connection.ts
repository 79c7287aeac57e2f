import type { Act } from "../../circuit/seen/seen.js";
import type { FromPage, FromServer } from "../wire.js";

/** What a connection tells its owner. */
export interface ConnectionEvents {
  said(message: FromServer): void;
  edges(frame: ArrayBuffer): void;
  changed(isConnected: boolean): void;
}

/** Waits between two tries to connect, in milliseconds: a circuit that is started anew is there within a second. */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 4_000;

/** The page's way to its circuit; it is sought again and again when it breaks. */
export class Connection {
  readonly #events: ConnectionEvents;
  readonly #token: string | null;
  readonly #waiting = new Map<
    number,
    { readonly resolve: (text: string) => void; readonly reject: (problem: Error) => void }
  >();
  #socket: WebSocket | undefined;
  #lastId = 0;
  #waitMs = FIRST_WAIT_MS;

  constructor(token: string | null, events: ConnectionEvents) {
    this.#token = token;
    this.#events = events;
  }

  open(): void {
    const socket = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/live`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#say({ type: "hello", token: this.#token });
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") this.#take(JSON.parse(data));
      else this.#events.edges(data);
    };
    socket.onclose = () => {
      this.#events.changed(false);
      for (const { reject } of this.#waiting.values()) reject(new Error("The circuit is gone"));
      this.#waiting.clear();
      setTimeout(() => this.open(), this.#waitMs);
      this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
    };
    this.#socket = socket;
  }

  /** Asks for something, and resolves with what came of it. */
  act(act: Act): Promise<string> {
    if (this.#socket?.readyState !== WebSocket.OPEN) return Promise.reject(new Error("The circuit is gone"));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#say({ type: "act", id, act });
    });
  }

  #say(message: FromPage): void {
    this.#socket?.send(JSON.stringify(message));
  }

  #take(message: FromServer): void {
    if (message.type === "welcome") {
      this.#waitMs = FIRST_WAIT_MS;
      this.#events.changed(true);
    }
    if (message.type === "answer" || message.type === "refusal") {
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.type === "answer") waiting?.resolve(message.text);
      else
        waiting?.reject(
          new Error(message.hint === null ? message.message : `${message.message}. ${message.hint}`),
        );
      return;
    }
    this.#events.said(message);
  }
}
