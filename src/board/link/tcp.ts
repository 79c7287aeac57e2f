import { createConnection, type Socket } from "node:net";
import { CircuitError, messageOf } from "../../core/error.js";
import type { ByteLink } from "./link.js";

/** Port of StandardFirmataEthernet and StandardFirmataWiFi. */
export const FIRMATA_TCP_PORT = 3_030;

export interface TcpLinkOptions {
  readonly host: string;
  readonly port: number;
}

/** A board behind TCP: StandardFirmataEthernet, StandardFirmataWiFi, or a serial port server. */
export function tcpLink({ host, port }: TcpLinkOptions): ByteLink {
  const address = `tcp://${host.includes(":") ? `[${host}]` : host}:${port}`;
  let socket: Socket | undefined;

  return {
    address,
    bytesPerSecond: Number.POSITIVE_INFINITY,

    async open(events, { signal }) {
      signal.throwIfAborted();
      const opening = createConnection({ host, port, noDelay: true });
      socket = opening;
      opening.on("data", (bytes) => events.data(bytes));
      await connected(opening, address, signal);
      let cause: Error | undefined;
      opening.on("error", (error) => {
        cause = error;
      });
      opening.on("close", () => {
        if (socket !== opening) return;
        socket = undefined;
        events.lost(lostError(address, cause));
      });
      opening.on("end", () => opening.destroy());
    },

    write(bytes) {
      if (socket?.writable) socket.write(bytes);
    },

    drain() {
      return new Promise((resolve) => {
        if (!socket?.writable || socket.writableLength === 0) resolve();
        else {
          socket.once("drain", resolve);
          socket.once("close", () => resolve());
          // A socket below its mark never says `drain`; an empty write reports when the rest has gone.
          socket.write("", () => resolve());
        }
      });
    },

    async close() {
      const closing = socket;
      socket = undefined;
      closing?.destroy();
    },
  };
}

function connected(socket: Socket, address: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      socket.off("connect", opened);
      socket.off("error", failed);
      signal.removeEventListener("abort", aborted);
    };
    const opened = () => {
      settle();
      resolve();
    };
    const failed = (cause: Error) => {
      settle();
      reject(openError(address, cause));
    };
    const aborted = () => {
      settle();
      socket.on("error", () => {});
      socket.destroy();
      reject(signal.reason);
    };
    socket.once("connect", opened);
    socket.once("error", failed);
    signal.addEventListener("abort", aborted, { once: true });
  });
}

function openError(address: string, cause: Error): CircuitError {
  return new CircuitError("PORT_MISSING", `Cannot connect to ${address}: ${explain(cause)}`, {
    hint: "Check the board's address and that it is on this network; its port is usually 3030.",
    cause,
  });
}

/** The reason of a failed connection; where several addresses failed, Node gives no message but a code. */
function explain(cause: Error & { readonly code?: string }): string {
  if (cause.code === "ECONNREFUSED") return "nobody listens there";
  if (cause.code === "ENOTFOUND") return "there is no machine of that name";
  return messageOf(cause) || cause.code || "no answer";
}

function lostError(address: string, cause: Error | undefined): CircuitError {
  const why = cause ? `: ${cause.message}` : "";
  return new CircuitError("BOARD_LOST", `Cannot reach the board at ${address} any more: it hung up${why}`, {
    hint: "Check the board's power and network.",
    ...(cause && { cause }),
  });
}
