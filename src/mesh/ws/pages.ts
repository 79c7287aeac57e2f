import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../core/clock.js";
import type { MeshLimits } from "../limits.js";
import type { Node } from "../node.js";
import type { Trust } from "../safety/trust.js";
import { type AdmissionRules, findForbidden } from "./admission.js";
import { mayRead } from "./may-read.js";

/** What a page says. */
export interface PageAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** What a node says on its port to those who ask without a WebSocket, by path: `/healthz`. */
export type Pages = Readonly<Record<string, (node: Node) => PageAnswer | Promise<PageAnswer>>>;

export interface AnswerOptions {
  readonly node: Node;
  readonly pages: Pages;
  readonly rules: AdmissionRules;
  readonly trust: Trust | undefined;
  readonly clock: Clock;
  readonly limits: MeshLimits;
  /** Takes note of who is turned away. */
  refused(reason: string): void;
}

/** Answers a request that asks for no WebSocket: with a page, where there is one and this reader may have it. */
export function answerRequest(
  request: IncomingMessage,
  response: ServerResponse,
  { node, pages, rules, trust, clock, limits, refused }: AnswerOptions,
): void {
  const [path = ""] = (request.url ?? "").split("?", 1);
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
  request.resume();
  // Who neither sends nor takes it all in time is cut.
  const stopWaiting = clock.after(limits.handshakeMs, () => response.destroy());
  response.once("close", stopWaiting);
  const forbidden = findForbidden(request.headers, rules);
  if (forbidden) {
    refused(forbidden.reason);
    end(response, { status: forbidden.status, contentType: TEXT, body: `${forbidden.reason}\n` });
    return;
  }
  if (page === undefined) {
    end(response, WEBSOCKETS_ONLY);
    return;
  }
  // It tells who talks to whom.
  if (!mayRead(request, trust)) {
    refused(TOKEN_NEEDED.body.trim());
    end(response, TOKEN_NEEDED);
    return;
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    end(response, NOT_ALLOWED);
    return;
  }
  void answerOf(page, node).then((answer) => end(response, answer));
}

async function answerOf(page: Pages[string], node: Node): Promise<Answer> {
  try {
    return await page(node);
  } catch {
    return { status: 500, contentType: TEXT, body: "The page could not be made.\n" };
  }
}

type Answer = PageAnswer & { readonly headers?: Readonly<Record<string, string>> };

const TEXT = "text/plain; charset=utf-8";

const WEBSOCKETS_ONLY: Answer = {
  status: 426,
  contentType: "text/plain",
  body: "This is a node of a circuit: connect with a WebSocket.\n",
  headers: { Connection: "close, Upgrade", Upgrade: "websocket" },
};

const TOKEN_NEEDED: Answer = {
  status: 401,
  contentType: TEXT,
  body: "Read it from this machine, or over TLS with the token of a credential.\n",
  headers: { "WWW-Authenticate": "Bearer" },
};

const NOT_ALLOWED: Answer = {
  status: 405,
  contentType: TEXT,
  body: "Read it with GET.\n",
  headers: { Allow: "GET, HEAD" },
};

function end(response: ServerResponse, { status, contentType, body, headers }: Answer): void {
  if (response.destroyed) return;
  response.writeHead(status, {
    Connection: "close",
    "Content-Type": contentType,
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
    // No page of another origin may have it, as an image or a script.
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    ...headers,
  });
  response.end(body); // of which Node sends nothing in answer to HEAD
}
