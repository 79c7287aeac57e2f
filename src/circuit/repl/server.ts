import { type REPLServer, type ReplOptions, start, writer } from "node:repl";
import { CircuitError, describeThrown } from "../../core/error.js";

/** What is in scope, by name: each is looked up whenever it is used. */
export type Scope = () => Readonly<Record<string, unknown>>;

/** A prompt of the engine's, on which our own errors are told with what to do. */
export function startServer(options: ReplOptions, scope: Scope): REPLServer {
  const server = start({ ...options, writer: describe });
  const define = () => {
    for (const name of Object.keys(scope()))
      Object.defineProperty(server.context, name, {
        get: () => scope()[name],
        // Somebody who gives it another value means that.
        set: (value: unknown) => Object.defineProperty(server.context, name, { value, writable: true }),
        configurable: true,
        enumerable: true,
      });
  };
  define();
  server.on("reset", define);
  return server;
}

function describe(this: REPLServer, value: unknown): string {
  return value instanceof CircuitError ? describeThrown(value) : writer.call(this, value);
}
