import type { Mesh } from "../../src/mesh/mesh.js";
import { Meter, type MeterOptions } from "./meter.js";

/** What an end of a measurement keeps sending. */
export interface Sending {
  readonly message: string;
  /** Messages without an ack at a time. */
  readonly depth: number;
  readonly times: MeterOptions;
}

/** Keeps so many `send()`s to `echo` under way, and counts their acks. */
export async function keepSending(mesh: Mesh, { message, depth, times }: Sending): Promise<void> {
  await mesh.send("echo", message);
  const meter = new Meter(times);
  const chain = async () => {
    for (;;) {
      await mesh.send("echo", message);
      meter.count();
    }
  };
  await Promise.all(Array.from({ length: depth }, chain));
}

/** Streams to `echo` over a mesh that lets so many be outstanding, and counts the acks. */
export async function keepStreaming(mesh: Mesh, { message, times }: Sending): Promise<void> {
  await mesh.send("echo", message);
  const meter = new Meter(times);
  function* messages() {
    for (;;) yield message;
  }
  for await (const _ of mesh.stream("echo", messages())) meter.count();
}
