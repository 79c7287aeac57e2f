import { type BackoffOptions, backoff } from "../../core/backoff.js";
import { CircuitError, messageOf } from "../../core/error.js";
import { cannot, type HttpAnswer, type HttpRequest, request, withoutQuery } from "../http.js";
import type { FlowContext } from "../source.js";
import type { Tick } from "./ticks.js";

export interface PollerOptions<Content> {
  /** `GET` by default. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For a whole answer, in milliseconds; 10 000 by default. */
  readonly timeoutMs?: number;
  /** Statuses that are answers; 200 to 299 by default. */
  readonly accepts?: (status: number) => boolean;
  /** What the body is; `json` by default. */
  readonly as?: "json" | "text";
  /** Makes of the body what an item is to contain; what it throws is a failure. */
  readonly check?: (content: unknown) => Content;
  /** Waits after failures; from 1 s to 60 s by default. */
  readonly backoff?: BackoffOptions;
  /** The failure in a row with which the source itself fails; the 5th by default, and `Infinity` for never. */
  readonly failAfter?: number;
}

/** What a server answered. */
export interface RestItem<Content = unknown> {
  readonly content: Content;
  readonly status: number;
  /** When it was asked, by this host, in milliseconds of the Unix epoch: the tick's own moment. */
  readonly atMs: number;
  /** When it answered, by its own clock, in UTC, as in `2026-01-31T12:00:00.000Z`; `undefined` where it does not say. */
  readonly date: string | undefined;
  readonly etag: string | undefined;
  /** Ticks that were left out before this one. */
  readonly missed: number;
}

/** Long enough for a slow server, and too short for a stuck one to be noticed late, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** Waits after failures, in milliseconds: a server that is in trouble is asked once a minute. */
const WAITS = { firstMs: 1_000, longestMs: 60_000 };

const FAIL_AFTER = 5;

const NOT_MODIFIED = 304;

/** Makes single requests, and remembers the ETag and the failures. */
export class Poller<Content> {
  readonly #options: PollerOptions<Content>;
  readonly #context: FlowContext;
  readonly #request: HttpRequest;
  #etag: string | undefined;
  #failures = 0;
  #waits: Generator<number, never>;

  constructor(url: string, options: PollerOptions<Content>, context: FlowContext) {
    const { method = "GET", headers = {}, body, timeoutMs = TIMEOUT_MS } = options;
    const { clock, signal } = context;
    this.#options = options;
    this.#context = context;
    this.#waits = backoff({ ...WAITS, ...options.backoff });
    this.#request = { url, method, headers, body, timeoutMs, clock, signal };
  }

  /** Resolves with what the server has, or `undefined` where that is what it had before. */
  async poll({ atMs, missed }: Tick): Promise<RestItem<Content> | undefined> {
    const etag = this.#etag;
    const headers = etag === undefined ? {} : { "If-None-Match": etag };
    const answer = await request({ ...this.#request, headers: { ...headers, ...this.#request.headers } });
    if (etag !== undefined && answer.status === NOT_MODIFIED) {
      this.#succeeded();
      return undefined;
    }
    const content = this.#contentOf(answer);
    this.#succeeded();
    this.#etag = answer.headers.get("etag") ?? undefined;
    return { content, status: answer.status, atMs, date: dateOf(answer), etag: this.#etag, missed };
  }

  /**
   * Counts a failure.
   *
   * @returns How long to wait before the next try, in milliseconds.
   * @throws {CircuitError} When it is one too many.
   */
  failed(error: unknown): number {
    const { failAfter = FAIL_AFTER } = this.#options;
    this.#failures++;
    if (this.#failures >= failAfter) throw this.#describe(error);
    const waitMs = this.#waits.next().value;
    this.#context.log(`${messageOf(error)}; trying again in ${waitMs} ms`);
    return waitMs;
  }

  #succeeded(): void {
    if (this.#failures > 0) this.#context.log(`${withoutQuery(this.#request.url)} answers again`);
    this.#failures = 0;
    this.#waits = backoff({ ...WAITS, ...this.#options.backoff });
  }

  #contentOf({ status, text }: HttpAnswer): Content {
    const { accepts = isGood, as = "json", check } = this.#options;
    if (!accepts(status)) {
      throw new CircuitError("PEER_REFUSED", `${cannot(this.#request)}: it answered with status ${status}`);
    }
    try {
      const content: unknown = as === "json" ? JSON.parse(text) : text;
      // The cast: without a check the caller says what the content is, and by default that is unknown.
      return check === undefined ? (content as Content) : check(content);
    } catch (thrown) {
      const problem = `its content is not what was expected: ${messageOf(thrown)}`;
      throw new CircuitError("MESSAGE_INVALID", `${cannot(this.#request)}: ${problem}`, { cause: thrown });
    }
  }

  #describe(cause: unknown): CircuitError {
    if (this.#failures === 1 && cause instanceof CircuitError) return cause;
    const code = cause instanceof CircuitError ? cause.code : "PEER_MISSING";
    const problem = `${this.#failures} tries in a row have failed, the last one with "${messageOf(cause)}"`;
    return new CircuitError(code, `${cannot(this.#request)}: ${problem}`, {
      cause,
      hint: "Look at the server, or give a greater failAfter.",
    });
  }
}

function isGood(status: number): boolean {
  return status >= 200 && status < 300;
}

function dateOf({ headers }: HttpAnswer): string | undefined {
  const atMs = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(atMs) ? undefined : new Date(atMs).toISOString();
}
