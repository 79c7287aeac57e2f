import { type BackoffOptions, backoff } from "../../core/backoff.js";
import { CircuitError } from "../../core/error.js";
import { cannot, checkUrl, request } from "../http.js";
import { type Output, outputOf } from "../output.js";
import type { FlowContext } from "../source.js";

export interface PostOptions<Item> {
  /** `POST` by default. */
  readonly method?: "POST" | "PUT" | "PATCH";
  readonly headers?: Readonly<Record<string, string>>;
  /** Makes the body of an item; its JSON by default, with `Content-Type: application/json`. */
  readonly body?: (item: Item) => string;
  /** Names the item in the header `Idempotency-Key`, so that a server may know it again. */
  readonly key?: (item: Item) => string;
  /** For a whole answer, in milliseconds; 10 000 by default. */
  readonly timeoutMs?: number;
  /** Statuses that say that it has been taken; 200 to 299 by default. */
  readonly accepts?: (status: number) => boolean;
  /** How often an item is tried again; 3 times by default. What the server refuses for good is not. */
  readonly retries?: number;
  /** Waits between tries; from 500 ms to 30 s by default. */
  readonly backoff?: BackoffOptions;
}

const TIMEOUT_MS = 10_000;

const WAITS = { firstMs: 500, longestMs: 30_000 };

/** Of the statuses that blame the request, those that may be otherwise soon: RFC 9110, 6585 and 8470. */
const PASSING = new Set([408, 425, 429]);

/**
 * Posts each item to a server, and has taken it when the server says so. A server may get an item twice where its answer
 * was lost.
 *
 * It fails with `TIMEOUT`, `PEER_MISSING`, or `PEER_REFUSED` for a status.
 */
export function post<Item = unknown>(
  url: string | URL,
  options: PostOptions<Item> = {},
): Output<NoInfer<Item>> {
  const { method = "POST", body = (item: Item) => JSON.stringify(item), key, headers = {} } = options;
  const address = checkUrl(url, ["http:", "https:"]);
  return outputOf<Item>("post", (item, context) => {
    const named = key === undefined ? {} : { "Idempotency-Key": key(item) };
    const asked = {
      url: address,
      method,
      headers: { "Content-Type": "application/json", ...headers, ...named },
      body: body(item),
    };
    return tryUntilTaken(asked, options, context);
  });
}

type Asked = Pick<Parameters<typeof request>[0], "url" | "method" | "headers" | "body">;

async function tryUntilTaken(
  asked: Asked,
  { retries = 3, timeoutMs = TIMEOUT_MS, accepts = isGood, ...options }: PostOptions<never>,
  { clock, signal, log }: FlowContext,
): Promise<void> {
  const waits = backoff({ ...WAITS, ...options.backoff });
  for (let left = retries; ; left--) {
    const problem = await tryOnce();
    if (problem === undefined) return;
    if (left <= 0 || problem.isFinal) throw problem.error;
    const waitMs = waits.next().value;
    log(`${problem.error.message}; trying again in ${waitMs} ms`);
    await clock.sleep(waitMs, signal);
  }

  async function tryOnce(): Promise<{ error: CircuitError; isFinal: boolean } | undefined> {
    try {
      const { status } = await request({ ...asked, timeoutMs, clock, signal });
      if (accepts(status)) return undefined;
      const error = new CircuitError("PEER_REFUSED", `${cannot(asked)}: it answered with status ${status}`);
      return { error, isFinal: status >= 300 && status < 500 && !PASSING.has(status) };
    } catch (error) {
      if (error instanceof CircuitError) return { error, isFinal: false };
      throw error;
    }
  }
}

function isGood(status: number): boolean {
  return status >= 200 && status < 300;
}
