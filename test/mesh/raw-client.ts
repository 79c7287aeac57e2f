import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { TestContext } from "node:test";
import type { Handler } from "../../src/mesh/mesh.js";
import { WsMesh, type WsMeshOptions } from "../../src/mesh/ws/ws-mesh.js";

/** Clients written by hand do not answer a close frame; nobody should wait for it, in milliseconds. */
const CLOSE_MS = 50;

/** A node for hostile clients, and the eyes of a peaceful one. */
export interface Served {
  readonly mesh: WsMesh;
  readonly port: number;
  readonly url: string;
  /** Asserts that another peer is served as if nothing had happened. */
  othersGoOn(): Promise<void>;
}

export async function serve(
  context: TestContext,
  handler: Handler,
  options: WsMeshOptions = {},
): Promise<Served> {
  const mesh = new WsMesh({ ...options, limits: { closeMs: CLOSE_MS, ...options.limits } });
  const other = new WsMesh();
  context.after(() => Promise.all([mesh.close(), other.close()]));
  const node = await mesh.serve("node", handler, { host: "127.0.0.1", port: 0 });
  const [url = ""] = node.addresses;
  other.introduce("node", url);
  const othersGoOn = async () => {
    assert.equal(await other.send("node", "ping", { channel: "other" }), "ping");
  };
  return { mesh, url, port: Number(new URL(url).port), othersGoOn };
}

export const echo: Handler = ({ message }) => message;

export const onlyPing: Handler = ({ message }) => {
  assert.equal(message, "ping");
  return message;
};

/** An HTTP request on a raw socket; resolves with the whole answer when the node has closed. */
export async function request(context: TestContext, port: number, lines: readonly string[]): Promise<string> {
  const socket = openRaw(context, port);
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  let answer = "";
  for await (const chunk of socket) answer += chunk;
  return answer;
}

export function openRaw(context: TestContext, port: number): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  context.after(() => socket.destroy());
  return socket;
}

export function handshake(
  port: number,
  { path = "/", host = `127.0.0.1:${port}`, more = [] as string[] } = {},
): string[] {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
    ...more,
  ];
}

/** A connection of a foreign client, upgraded by hand, and what comes back after it. */
export async function upgrade(context: TestContext, port: number, path = "/"): Promise<Socket> {
  const socket = openRaw(context, port);
  socket.write(`${handshake(port, { path }).join("\r\n")}\r\n\r\n`);
  const [answer] = await once(socket, "data");
  assert.match(String(answer), /^HTTP\/1\.1 101 /);
  return socket;
}

/** A masked frame with a mask of zeros, which RFC 6455 forbids to senders and receivers need not refuse. */
export function frame(
  opcode: number,
  payload: Uint8Array,
  { final = true, length = payload.length } = {},
): Buffer {
  const head = Buffer.alloc(length < 126 ? 6 : 14);
  head[0] = (final ? 0x80 : 0) | opcode;
  head[1] = 0x80 | (length < 126 ? length : 127);
  if (length >= 126) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

/** Status code and reason of the close frame that ends what a node sends. */
export async function readClose(socket: Socket): Promise<readonly [number, string]> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const at = bytes.indexOf(0x88);
  assert.notEqual(at, -1, "no close frame");
  const length = bytes[at + 1] ?? 0;
  return [bytes.readUInt16BE(at + 2), bytes.subarray(at + 4, at + 2 + length).toString()];
}
