import { once } from "node:events";
import { SerialPort } from "serialport";

/** An open tty that remembers what came, for tests that speak the protocol byte by byte. */
export interface Wire {
  readonly received: readonly number[];
  send(...bytes: number[]): void;

  /**
   * Takes all bytes up to and including the first occurrence of `bytes`.
   *
   * @throws When they have not come within `limitMs`.
   */
  take(bytes: readonly number[], limitMs?: number): Promise<number[]>;

  /** Takes all that came so far. */
  clear(): void;
  close(): Promise<void>;
}

const hex = (bytes: readonly number[]) => bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");

function indexOf(all: readonly number[], part: readonly number[]): number {
  return all.findIndex((_, at) => part.every((byte, offset) => all[at + offset] === byte));
}

export async function openWire(path: string): Promise<Wire> {
  const port = new SerialPort({ path, baudRate: 57_600, autoOpen: false });
  const received: number[] = [];
  let look = () => {};
  port.on("data", (chunk: Buffer) => {
    received.push(...chunk);
    look();
  });
  port.open();
  await once(port, "open");
  return {
    received,
    send: (...bytes) => void port.write(Buffer.from(bytes)),
    take: (bytes, limitMs = 5_000) =>
      new Promise((resolve, reject) => {
        const limit = setTimeout(() => {
          look = () => {};
          reject(
            new Error(
              `No ${hex(bytes)} within ${limitMs} ms, only: ${hex(received.slice(-100)) || "nothing"}`,
            ),
          );
        }, limitMs);
        look = () => {
          const at = indexOf(received, bytes);
          if (at < 0) return;
          clearTimeout(limit);
          look = () => {};
          resolve(received.splice(0, at + bytes.length));
        };
        look();
      }),
    clear: () => void received.splice(0),
    close: async () => {
      if (!port.isOpen) return;
      const closed = once(port, "close");
      port.close();
      await closed;
    },
  };
}
