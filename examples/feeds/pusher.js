import { emit, pushed } from "circuit-five";
import Pusher from "pusher-js";

/**
 * What a channel of Pusher, or of a server that speaks its protocol, brings, over all connections: the outputs `connect`,
 * `message` (an event's name and its data), `disconnect`, and `missed`, how many of these nobody took in time.
 *
 * @param options Those of pusher-js (cluster, or wsHost and wsPort …), and `mostWaiting` and `overflow` of `pushed()`.
 */
export function pusherChannel(key, channel, { mostWaiting, overflow, ...options } = {}) {
  return pushed(
    ({ push, fail }, { log }) => {
      const pusher = new Pusher(key, { cluster: "mt1", ...options });
      const refuse = (why) => fail(new Error(`Cannot hear the channel ${channel}: ${why}`));
      pusher.connection.bind("state_change", ({ previous, current }) => {
        if (previous === "connected") push(emit("disconnect", { channel, state: current }));
        if (current === "connected") push(emit("connect", { channel, id: pusher.connection.socket_id }));
        // The client tries again in all other states.
        if (current === "failed") refuse("no way to connect is left");
        // Only its server tells it to: with 4000 to 4099 it forbids to come again.
        if (current === "disconnected") refuse("the server has refused the connection");
      });
      pusher.connection.bind("error", (problem) => log(`${channel}: ${describe(problem)}`));
      const subscription = pusher.subscribe(channel);
      subscription.bind("pusher:subscription_error", (problem) => refuse(describe(problem)));
      subscription.bind_global((event, data) => {
        if (!event.startsWith("pusher:")) push(emit("message", { event, data }));
      });
      return () => {
        pusher.connection.unbind_all();
        pusher.disconnect();
      };
    },
    { mostWaiting, overflow, missed: (count) => emit("missed", count) },
  );
}

/** The library has several shapes of what went wrong. */
function describe(problem) {
  const { code, message } = problem?.error?.data ?? problem?.data ?? problem ?? {};
  return [code, message].filter((part) => part !== undefined && part !== null).join(" ") || "no connection";
}
