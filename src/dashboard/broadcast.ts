import type { Clock } from "../core/clock.js";
import { EdgeFrame } from "./edge-frame.js";
import type { LiveCircuit } from "./live-circuit.js";
import { Past } from "./past.js";
import type { FromServer, News } from "./wire.js";

/** Where a page is told things. */
export interface Audience {
  /** Takes a text of JSON, or a frame of edges. */
  send(data: string | Uint8Array): void;
  /** Takes what has a present; who has not taken the last one is not told the next. */
  sendState(text: string): void;
}

/** Time between two frames of edges, and batches of news, in milliseconds: the eye takes 20 pictures a second for motion. */
const FRAME_MS = 50;

/** Time between two tellings of what has a present, in milliseconds. */
const STATE_MS = 100;

/** News of one batch; more scroll by unread. */
const MOST_NEWS = 200;

/** Last news that are kept for pages that are opened later. */
const KEPT_NEWS = 500;

/** Tells all pages what happens in a circuit: gathered, and made ready once for all of them. */
export class Broadcast {
  readonly #circuit: LiveCircuit;
  readonly #clock: Clock;
  readonly #audience = new Set<Audience>();
  readonly #frames: readonly EdgeFrame[];
  readonly #past = new Past();
  #news: News[] = [];
  #left = 0;
  #oldNews: News[] = [];
  #stop: (() => void)[] = [];

  constructor(circuit: LiveCircuit, clock: Clock) {
    this.#circuit = circuit;
    this.#clock = clock;
    this.#frames = circuit.boards.map((_, index) => new EdgeFrame(index));
  }

  open(): void {
    this.#stop = [
      this.#circuit.follow({
        news: (news) => this.#tell(news),
        edge: (board, atMs, pin, level) => this.#edge(board, { atMs, pin, level }),
      }),
      every(this.#clock, FRAME_MS, () => this.#flush()),
      every(this.#clock, STATE_MS, () => this.#sendState()),
    ];
  }

  close(): void {
    for (const stop of this.#stop.splice(0)) stop();
  }

  /** Tells a page what was, and from now on what is. @returns What ends it. */
  add(audience: Audience): () => void {
    this.#flush();
    if (this.#oldNews.length > 0) audience.send(told({ type: "news", news: this.#oldNews, left: 0 }));
    for (const frame of this.#past) audience.send(frame);
    audience.sendState(this.#state());
    this.#audience.add(audience);
    return () => this.#audience.delete(audience);
  }

  #edge(board: number, edge: { readonly atMs: number; readonly pin: number; readonly level: 0 | 1 }): void {
    const frame = this.#frames[board];
    if (frame === undefined) return;
    if (!frame.takes(edge)) this.#send(frame);
    if (frame.takes(edge)) frame.add(edge);
  }

  #tell(news: News): void {
    if (this.#news.length < MOST_NEWS) this.#news.push(news);
    else this.#left++;
  }

  #flush(): void {
    for (const frame of this.#frames) this.#send(frame);
    if (this.#news.length === 0) return;
    const news = this.#news.splice(0);
    this.#oldNews = [...this.#oldNews, ...news].slice(-KEPT_NEWS);
    const text = told({ type: "news", news, left: this.#left });
    this.#left = 0;
    for (const each of this.#audience) each.send(text);
  }

  #send(frame: EdgeFrame): void {
    if (frame.isEmpty) return;
    const bytes = frame.take();
    this.#past.add(bytes);
    for (const each of this.#audience) each.send(bytes);
  }

  #sendState(): void {
    if (this.#audience.size === 0) return;
    const text = this.#state();
    for (const each of this.#audience) each.sendState(text);
  }

  #state(): string {
    return told({ type: "state", atMs: this.#circuit.nowMs(), state: this.#circuit.state() });
  }
}

export function told(message: FromServer): string {
  return JSON.stringify(message);
}

/** Calls back again and again. @returns What ends it. */
function every(clock: Clock, ms: number, callback: () => void): () => void {
  let cancel = () => {};
  const next = () => {
    cancel = clock.after(ms, () => {
      next();
      callback();
    });
  };
  next();
  return () => cancel();
}
