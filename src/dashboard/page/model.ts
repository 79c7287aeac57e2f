import type { Act, Drawing, SeenState } from "../../circuit/seen/seen.js";
import { readEdgeFrame } from "../edge-frame.js";
import { EdgeStore } from "../signals/edge-store.js";
import type { FromServer, News } from "../wire.js";
import { Connection } from "./connection.js";

/** News that the page keeps; the older go. */
const MOST_NEWS = 2_000;

const NOTHING: SeenState = { boards: [], nodes: [], routes: [], stages: [] };

/** A message's rate, and where it is taken from. */
interface Reading {
  readonly atMs: number;
  readonly messages: number;
  readonly acks: number;
}

/** All that the page knows of its circuit. Tells `state` and `news` when they change; edges come without a word. */
export class Model extends EventTarget {
  readonly edges = new EdgeStore();
  title = "circuit";
  version = "";
  mayAct = false;
  isConnected = false;
  boards: readonly string[] = [];
  drawing: Drawing | null = null;
  state: SeenState = NOTHING;
  news: News[] = [];
  /** News that the server did not tell. */
  left = 0;
  /** Messages a second, by `from → to`. */
  readonly rates = new Map<string, { readonly messages: number; readonly acks: number }>();
  readonly #readings = new Map<string, Reading>();
  readonly #connection: Connection;
  /** What the circuit's time is ahead of this page's. */
  #aheadMs = 0;

  constructor(token: string | null) {
    super();
    this.#connection = new Connection(token, {
      said: (message) => this.#take(message),
      edges: (frame) => readEdgeFrame(frame, (board, ...edge) => this.edges.add(board, ...edge)),
      changed: (isConnected) => {
        this.isConnected = isConnected;
        this.#changed("state");
      },
    });
  }

  open(): void {
    this.#connection.open();
  }

  /** The circuit's time, in milliseconds. */
  get nowMs(): number {
    return performance.now() + this.#aheadMs;
  }

  act(act: Act): Promise<string> {
    return this.#connection.act(act);
  }

  #take(message: FromServer): void {
    if (message.type === "welcome") {
      const { title, version, mayAct, boards, drawing, nowMs } = message;
      Object.assign(this, { title, version, mayAct, boards, drawing });
      this.#aheadMs = nowMs - performance.now();
      // It tells what was from the beginning: a circuit that was started anew has another past.
      this.edges.clear();
      this.news = [];
      this.left = 0;
      this.#changed("welcome");
    } else if (message.type === "state") {
      this.#aheadMs = Math.max(this.#aheadMs, message.atMs - performance.now());
      this.#measure(message.atMs, message.state);
      this.state = message.state;
      this.#changed("state");
    } else if (message.type === "news") {
      this.news = [...this.news, ...message.news].slice(-MOST_NEWS);
      this.left += message.left;
      this.#changed("news");
    }
  }

  /** Rates are over at least a second: less jumps too much to be read. */
  #measure(atMs: number, { routes }: SeenState): void {
    for (const { from, to, messages, acks } of routes) {
      const key = `${from} → ${to}`;
      const before = this.#readings.get(key);
      if (before !== undefined && atMs - before.atMs < 1_000) continue;
      if (before !== undefined) {
        const seconds = (atMs - before.atMs) / 1_000;
        this.rates.set(key, {
          messages: Math.max(0, messages - before.messages) / seconds,
          acks: Math.max(0, acks - before.acks) / seconds,
        });
      }
      this.#readings.set(key, { atMs, messages, acks });
    }
  }

  #changed(what: "welcome" | "state" | "news"): void {
    this.dispatchEvent(new Event(what));
  }
}
