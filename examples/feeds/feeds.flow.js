import { defineFlow, Manager, ndjson, source } from "circuit-five";
import { pusherChannel } from "./pusher.js";
import { socketIo } from "./socket-io.js";

/** Where to listen, from the environment. */
const { SOCKET_IO_URL, PUSHER_KEY, PUSHER_CLUSTER = "mt1", PUSHER_CHANNEL = "live" } = process.env;

/** One pipeline for each feed that is named: where one fails, the other goes on. */
export default defineFlow({
  name: "feeds",
  managers: ({ log }) => {
    const managers = [];
    if (SOCKET_IO_URL) managers.push(feed("socket-io", socketIo(SOCKET_IO_URL), { log }));
    if (PUSHER_KEY) {
      const channel = pusherChannel(PUSHER_KEY, PUSHER_CHANNEL, { cluster: PUSHER_CLUSTER });
      managers.push(feed("pusher", channel, { log }));
    }
    if (managers.length === 0) throw new Error("Cannot listen: neither SOCKET_IO_URL nor PUSHER_KEY is set");
    return managers;
  },
});

/** Writes messages into a file, and tells of the connection. */
export function feed(name, start, { log, path = `${name}.ndjson` }) {
  return new Manager({
    name,
    protocol: "async",
    // A server that refuses us is asked again, after longer and longer waits.
    restart: { firstMs: 1_000, longestMs: 60_000, most: Number.POSITIVE_INFINITY },
    build: () =>
      source(start, { name, outputs: ["connect", "message", "disconnect", "missed"] })
        .on("message", ndjson(path))
        .on("connect", () => log(`${name} is connected`))
        .on("disconnect", () => log(`${name} has lost its connection`))
        .on("missed", (count) => log(`${name} has missed ${count} messages`)),
  });
}
