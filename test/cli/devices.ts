import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { MockBoard, type MockBoardOptions } from "../../src/board/link/mock.js";
import { temporaryFolder } from "../temporary-folder.js";
import { skipWithout } from "../tools.js";
import { Running } from "./cli.js";

export const skipWithoutSocat = skipWithout("socat", "socat", ["-V"], "apt-get install socat");

/** What a device does with a connection to it. */
export type Device = (socket: Socket) => void;

/** A device behind TCP; its port is the system's choice. */
export async function tcpDevice(context: TestContext, device: Device): Promise<{ readonly port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    device(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port }; // a listening TCP server has one
}

/** A device behind a tty. */
export interface TtyDevice {
  readonly path: string;
  /** Hangs the line up, as a pulled cable does. */
  unplug(): void;
}

/** Puts a device behind a pty. */
export async function ttyDevice(context: TestContext, device: Device): Promise<TtyDevice> {
  const { port } = await tcpDevice(context, device);
  const path = join(temporaryFolder(), "tty");
  const socat = new Running(context, [
    "socat",
    "-d",
    "-d",
    `PTY,link=${path},rawer`,
    `TCP:127.0.0.1:${port}`,
  ]);
  await socat.said(/starting data transfer loop/);
  return { path, unplug: () => socat.kill("SIGKILL") };
}

/** A Firmata device as a `Device`, and the mock behind it. */
export function firmataDevice(options: MockBoardOptions = {}): {
  readonly mock: MockBoard;
  readonly device: Device;
} {
  const mock = new MockBoard(options);
  mock.recording = true;
  const device: Device = (socket) => {
    void mock.open({ data: (bytes) => socket.write(bytes), lost: () => socket.destroy() });
    socket.on("data", (bytes) => mock.write(bytes));
  };
  return { mock, device };
}

/** Says something when it is connected, and again whenever it is spoken to. */
export function babbler(words: string | Uint8Array): Device {
  return (socket) => {
    socket.write(words);
    socket.on("data", () => socket.write(words));
  };
}
