import { CircuitError } from "../core/error.js";

/** Longest name of a queue or a durable listener, in characters: it is part of subjects and of what is kept. */
const MOST_CHARACTERS = 64;

/**
 * Lets through what a queue or a durable listener can be called.
 *
 * @throws {CircuitError} `MESSAGE_INVALID`.
 */
export function checkListenerName(what: "queue" | "listener", name: string): void {
  if (typeof name === "string" && /^[\w-]+$/.test(name) && name.length <= MOST_CHARACTERS) return;
  throw new CircuitError(
    "MESSAGE_INVALID",
    `Cannot listen as the ${what} ${JSON.stringify(String(name).slice(0, 100))}: a name has 1 to ${MOST_CHARACTERS} letters, digits, "-" and "_"`,
    { hint: "Choose a short name, for example alarms." },
  );
}
