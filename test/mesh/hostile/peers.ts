import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { FrameWriter } from "../../../src/mesh/framed/frame-writer.js";
import { frame, handshake } from "../raw-client.js";

/** Connections that are opened at the same time: fewer than wait in a listening socket's queue. */
const AT_ONCE = 64;

/** Messages whose acks a slow reader leaves unread: together more than sockets and sessions hold. */
const UNREAD = 1_000;

/** Time between two bytes of a slow writer, in milliseconds. */
const BYTE_MS = 20;

/** Hostile peers, until they are sent away. */
export class Crowd {
  readonly sockets: Socket[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** Opens so many connections, each of which begins as `begin` says. */
  static async of(
    count: number,
    port: number,
    begin: (socket: Socket, port: number) => unknown,
  ): Promise<Crowd> {
    const crowd = new Crowd();
    while (crowd.sockets.length < count) {
      const next = Array.from({ length: Math.min(AT_ONCE, count - crowd.sockets.length) }, async () => {
        const socket = connect(port, "127.0.0.1");
        socket.on("error", () => {});
        await once(socket, "connect");
        try {
          await begin(socket, port);
        } catch (error) {
          if (!socket.destroyed) throw error; // else it has been cut already, on a busy machine
        }
        return socket;
      });
      crowd.sockets.push(...(await Promise.all(next)));
    }
    return crowd;
  }

  /** From now on each says a byte of the same at a time. */
  trickle(text: string): this {
    let at = 0;
    this.#timer = setInterval(() => {
      const byte = text.slice(at++ % text.length).slice(0, 1);
      for (const socket of this.sockets) if (socket.writable) socket.write(byte);
    }, BYTE_MS).unref();
    return this;
  }

  /** Resolves when the node has closed every one of them. */
  async gone(): Promise<void> {
    await Promise.all(this.sockets.map((socket) => closed(socket)));
    clearInterval(this.#timer);
  }

  /** Sends them away, leaving no port of this machine waiting. */
  leave(): void {
    clearInterval(this.#timer);
    for (const socket of this.sockets) socket.resetAndDestroy();
  }
}

/** Resolves when a connection has ended, also by a reset. */
export async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
}

/** Says nothing at all. */
export function silent(socket: Socket): void {
  socket.resume();
}

/** A connection of the plain protocol that has had a message answered. */
export async function plain(socket: Socket, port: number): Promise<void> {
  await upgrade(socket, port, []);
  socket.write(frame(1, Buffer.from("1")));
  await once(socket, "data");
}

/** A framed connection without a hello. */
export async function framed(socket: Socket, port: number): Promise<void> {
  await upgrade(socket, port, ["Sec-WebSocket-Protocol: circuit.1"]);
  socket.resume();
}

/** A framed connection whose hello has been answered. */
export async function greeted(socket: Socket, port: number): Promise<void> {
  await upgrade(socket, port, ["Sec-WebSocket-Protocol: circuit.1"]);
  const writer = new FrameWriter();
  const sender = crypto.randomUUID();
  writer.json(0x01, { version: 1, sender, target: "node", channels: [] });
  socket.write(frame(2, writer.take()));
  await once(socket, "data");
}

/** Asks for many pages and reads none of them; every other one on the plain protocol. */
export async function slowReader(socket: Socket, port: number): Promise<void> {
  const isPlain = (slowReaders++ & 1) === 0;
  await (isPlain ? plain : greeted)(socket, port);
  socket.pause();
  if (isPlain) {
    socket.write(Buffer.concat(Array.from({ length: UNREAD }, () => frame(1, Buffer.from("page")))));
    return;
  }
  const writer = new FrameWriter();
  writer.open(0, "");
  for (let sequence = 1; sequence <= UNREAD; sequence++) writer.message(0, sequence, "page", undefined);
  socket.write(frame(2, writer.take()));
}

let slowReaders = 0;

async function upgrade(socket: Socket, port: number, more: string[]): Promise<void> {
  socket.write(`${handshake(port, { more }).join("\r\n")}\r\n\r\n`);
  await once(socket, "data");
}
