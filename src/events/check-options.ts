import { CircuitError } from "../core/error.js";
import { isStandardSchema } from "./standard-schema.js";

/** A day: whoever needs longer to react has another trade. */
const MOST_TIMEOUT_MS = 86_400_000;

/** What a link may have outstanding: more at the same time helps nobody. */
const MOST_CONCURRENT = 1_024;

/** With back-off that is over three minutes of trying; what fails for longer is for `durable`. */
const MOST_RETRIES = 100;

type Check = (value: unknown) => string | undefined;

const CHECKS: Readonly<Record<string, Check>> = {
  count: wholeNumber(1, Number.MAX_SAFE_INTEGER),
  queue: name,
  durable: name,
  last: ofType("boolean", "true or false"),
  filter: ofType("function", "a function"),
  schema: (value) => (isStandardSchema(value) ? undefined : "a Standard Schema, such as one of valibot's"),
  concurrency: wholeNumber(1, MOST_CONCURRENT),
  timeoutMs: wholeNumber(1, MOST_TIMEOUT_MS),
  retries: wholeNumber(0, MOST_RETRIES),
  signal: (value) => (value instanceof AbortSignal ? undefined : "an AbortSignal"),
};

/** Pairs that contradict each other, and why. */
const CONTRADICTIONS: readonly (readonly [one: string, other: string, why: string])[] = [
  ["durable", "queue", "all who listen under one durable name share its events already"],
  ["durable", "last", "a durable observer hears what it has missed already"],
  ["queue", "last", "a last value would go to somebody of the queue who has had it"],
];

/**
 * Lets through what an observer can be.
 *
 * @throws {CircuitError} `USAGE`.
 */
export function checkOptions(pattern: string, handler: unknown, options: object): void {
  if (typeof handler !== "function")
    throw refused(pattern, `its handler is ${handler === null ? "null" : typeof handler}, not a function`);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [key, value] of given) {
    const check = CHECKS[key];
    if (!check) throw refused(pattern, `there is no option ${key}, only ${Object.keys(CHECKS).join(", ")}`);
    const wanted = check(value);
    if (wanted !== undefined) throw refused(pattern, `its ${key} is not ${wanted}`);
  }
  const keys = given.filter(([, value]) => value !== false).map(([key]) => key);
  const clash = CONTRADICTIONS.find(([one, other]) => keys.includes(one) && keys.includes(other));
  if (clash) throw refused(pattern, `${clash[0]} and ${clash[1]} exclude each other: ${clash[2]}`);
}

function refused(pattern: string, problem: string): CircuitError {
  return new CircuitError("USAGE", `Cannot observe ${pattern}: ${problem}`, {
    hint: 'Write it like on("button.pressed", (event) => { … }, { retries: 2 }).',
  });
}

function wholeNumber(least: number, most: number): Check {
  const wanted =
    most === Number.MAX_SAFE_INTEGER
      ? `a whole number from ${least}`
      : `a whole number from ${least} to ${most}`;
  return (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= least && value <= most
      ? undefined
      : wanted;
}

function ofType(type: string, wanted: string): Check {
  return (value) => (typeof value === type ? undefined : wanted);
}

function name(value: unknown): string | undefined {
  return typeof value === "string" && /^[\w-]{1,64}$/.test(value)
    ? undefined
    : "a name of letters, digits, - and _, 64 at most";
}
