import { Manager, ndjson, source } from "circuit-five";
import { pusherChannel } from "./pusher.js";
import { socketIo } from "./socket-io.js";

/** Where to listen, from the environment. */
const { SOCKET_IO_URL, PUSHER_KEY, PUSHER_CLUSTER = "mt1", PUSHER_CHANNEL = "live" } = process.env;

/** One pipeline for each feed that is named: where one fails, the other goes on. */
export default {
  name: "feeds",
  managers: ({ log }) => [
    ...(SOCKET_IO_URL ? [feed("socket-io", socketIo(SOCKET_IO_URL), log)] : []),
    ...(PUSHER_KEY
      ? [feed("pusher", pusherChannel(PUSHER_KEY, PUSHER_CHANNEL, { cluster: PUSHER_CLUSTER }), log)]
      : []),
  ],
};

/** Writes messages into a file, and tells of the connection. */
export function feed(name, start, log, path = `${name}.ndjson`) {
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
