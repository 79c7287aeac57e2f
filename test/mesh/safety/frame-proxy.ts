import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { WebSocket, WebSocketServer } from "ws";

/** What stands between a sender and a receiver does with a frame: lets it by, changes it, or keeps it (`undefined`). */
export type Meddle = (
  frame: Buffer,
  direction: "out" | "in",
  answer: (frame: Buffer) => void,
) => Buffer | undefined;

export interface FrameProxy {
  readonly url: string;
  /** Every frame that came, before it was meddled with. */
  readonly seen: { readonly direction: "out" | "in"; readonly frame: Buffer }[];
}

/** Stands between senders and a node, reads every frame, and may change it: who can do that on a network. */
export async function frameProxy(
  context: TestContext,
  target: string,
  meddle: Meddle = (frame) => frame,
  tls?: { readonly own: { readonly cert: Buffer; readonly key: Buffer }; readonly ca: Buffer },
): Promise<FrameProxy> {
  const http = tls ? createTlsServer(tls.own) : createServer();
  const server = new WebSocketServer({ server: http, handleProtocols: () => "circuit.1" });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const sockets = new Set<WebSocket>();
  context.after(() => {
    for (const socket of sockets) socket.terminate();
    http.close();
  });
  const seen: FrameProxy["seen"] = [];
  server.on("connection", (near) => {
    const far = new WebSocket(target, "circuit.1", tls ? { ca: tls.ca } : {});
    sockets.add(near).add(far);
    const opened = once(far, "open");
    const pass = (from: WebSocket, to: WebSocket, direction: "out" | "in") => {
      from.on("message", (data: Buffer) => {
        seen.push({ direction, frame: data });
        const left = meddle(data, direction, (frame) => from.send(frame));
        if (left !== undefined) void opened.then(() => to.send(left));
      });
      from.on("close", () => void opened.then(() => to.close()));
      from.on("error", () => {});
    };
    pass(near, far, "out");
    pass(far, near, "in");
  });
  // The cast: a listening TCP server has one.
  const { port } = http.address() as AddressInfo;
  return { url: `${tls ? "wss" : "ws"}://127.0.0.1:${port}`, seen };
}

/** A frame that is one record of JSON. */
export function jsonFrame(type: number, value: object): Buffer {
  const text = Buffer.from(JSON.stringify(value));
  const length: number[] = [];
  for (let rest = text.length; ; rest = Math.floor(rest / 0x80)) {
    if (rest < 0x80) {
      length.push(rest);
      break;
    }
    length.push((rest % 0x80) | 0x80);
  }
  return Buffer.concat([Buffer.from([type, ...length]), text]);
}

/** What the one record of a frame is. */
export function readJson(frame: Buffer): Record<string, unknown> {
  return JSON.parse(frame.subarray(frame.indexOf("{")).toString());
}
