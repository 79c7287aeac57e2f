import { emit, pushed } from "circuit-five";
import { io } from "socket.io-client";

/** Before it asks a server again that has closed the connection itself, in milliseconds. */
const AGAIN_MS = 1_000;

/**
 * What a Socket.IO server emits, over all connections: the outputs `connect`, `message` (an event's name and its arguments),
 * `disconnect`, and `missed`, how many of these nobody took in time.
 *
 * @param options Those of socket.io-client (reconnectionDelay, auth, path …), and `mostWaiting` and `overflow` of `pushed()`.
 */
export function socketIo(url, { mostWaiting, overflow, ...options } = {}) {
  return pushed(
    ({ push, fail }, { clock, log }) => {
      const socket = io(url, { ...options, forceNew: true });
      let cancel = () => {};
      socket.on("connect", () => push(emit("connect", { url, id: socket.id })));
      socket.onAny((event, ...args) => push(emit("message", { event, args })));
      socket.on("disconnect", (reason) => {
        push(emit("disconnect", { url, reason }));
        // The client comes back by itself from all but this.
        if (reason === "io server disconnect") cancel = clock.after(AGAIN_MS, () => socket.connect());
      });
      socket.on("connect_error", (error) => {
        // A server that refuses us does so the next time, too: what becomes of it then is the flow's affair.
        if (socket.active) log(`Cannot hear ${url}: ${error.message}; trying again`);
        else fail(new Error(`Cannot hear ${url}: ${error.message}`, { cause: error }));
      });
      return () => {
        cancel();
        socket.disconnect();
      };
    },
    { mostWaiting, overflow, missed: (count) => emit("missed", count) },
  );
}
