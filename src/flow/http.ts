import type { Clock } from "../core/clock.js";
import { CircuitError, messageOf } from "../core/error.js";

export interface HttpRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** For the whole of the answer. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** What a server may answer at once, in bytes: what is longer is no item, but a file. */
export const MOST_ANSWER_BYTES = 16_777_216;

/**
 * Asks a server, and takes its whole answer, whatever its status.
 *
 * @throws {CircuitError} `TIMEOUT`, `PEER_MISSING` where there is no answer, `MESSAGE_INVALID` for one that is too long.
 * @throws The signal's own reason.
 */
export async function request(asked: HttpRequest): Promise<HttpAnswer> {
  const { clock, signal, timeoutMs } = asked;
  signal.throwIfAborted();
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  let isLate = false;
  const cancel = clock.after(timeoutMs, () => {
    isLate = true;
    stop();
  });
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await fetchWhole(asked, stopping.signal);
  } catch (thrown) {
    signal.throwIfAborted();
    if (isLate) throw new CircuitError("TIMEOUT", `${cannot(asked)}: no whole answer in ${timeoutMs} ms`);
    if (thrown instanceof CircuitError) throw thrown;
    throw new CircuitError("PEER_MISSING", `${cannot(asked)}: ${explain(thrown)}`, {
      cause: thrown,
      hint: "Start the server, or correct its address.",
    });
  } finally {
    cancel();
    signal.removeEventListener("abort", stop);
  }
}

/** The first half of a message about a request. */
export function cannot({ method, url }: Pick<HttpRequest, "method" | "url">): string {
  return `Cannot ${method} ${withoutQuery(url)}`;
}

/** An address for messages: its query may hold a key. */
export function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, "");
}

/**
 * Lets through an address of one of the schemes, such as `http:`.
 *
 * @throws {CircuitError} `ADDRESS_INVALID`, also where it holds a password, which would come to be seen in messages.
 */
export function checkUrl(given: string | URL, schemes: readonly string[]): string {
  const url = URL.canParse(String(given)) ? new URL(given) : undefined;
  if (url !== undefined && schemes.includes(url.protocol) && url.username + url.password === "")
    return String(given);
  const isSecret = url !== undefined && url.username + url.password !== "";
  const problem = isSecret
    ? `${url.host} is given with a name or a password`
    : `${withoutQuery(String(given))} is no address of ${schemes.join(" or ")}`;
  throw new CircuitError("ADDRESS_INVALID", `Cannot connect: ${problem}`, {
    hint: isSecret ? "Give them in the header Authorization." : `Write it like ${schemes[0]}//host/path.`,
  });
}

async function fetchWhole(asked: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  const { url, method, headers, body } = asked;
  const response = await fetch(url, { method, headers, signal, ...(body !== undefined && { body }) });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MOST_ANSWER_BYTES) {
      const problem = `its answer has more than ${MOST_ANSWER_BYTES} bytes`;
      throw new CircuitError("MESSAGE_INVALID", `${cannot(asked)}: ${problem}`);
    }
    chunks.push(chunk);
  }
  return { status: response.status, headers: response.headers, text: Buffer.concat(chunks).toString("utf8") };
}

/** fetch() says only that it failed; why is in its cause. */
function explain(thrown: unknown): string {
  const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "ECONNREFUSED") return "nobody listens there";
  return messageOf(cause) || code || "no connection";
}
