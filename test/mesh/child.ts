import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** Time that a process may take for an answer, in milliseconds. */
const ANSWER_MS = 60_000;

/** A test, or what else ends the processes that it has started. */
export interface CleanUp {
  after(cleanUp: () => unknown): void;
}

export interface ChildOptions {
  readonly nodeArgs?: readonly string[];
  /** Command that is to start it, for example in a network namespace. */
  readonly within?: readonly string[];
}

interface Answer {
  readonly number: number;
  readonly value?: unknown;
  readonly problem?: string;
}

/** A process of a test's own that answers questions. It ends with the test. */
export class Child {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #asked = 0;

  constructor(context: CleanUp, file: URL, { nodeArgs = [], within = [] }: ChildOptions = {}) {
    const [command = "", ...args] = [...within, process.execPath, ...nodeArgs, fileURLToPath(file)];
    this.#process = spawn(command, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    // The cast: what `answerQuestions()` sends.
    this.#process.on("message", (answer) => this.#waiting.get((answer as Answer).number)?.(answer as Answer));
    this.#process.on("error", () => {}); // an answer that it does not give says it
    context.after(() => this.kill());
  }

  /** Asks, and resolves with the answer. Rejects when the process has thrown, ends or takes too long. */
  async ask<T>(question: string, ...args: readonly unknown[]): Promise<T> {
    const number = ++this.#asked;
    const { promise, resolve } = withResolvers<Answer>();
    this.#waiting.set(number, resolve);
    const fail = (problem: string) => resolve({ number, problem });
    const ended = () => fail("its process has ended");
    const late = setTimeout(() => fail(`no answer within ${ANSWER_MS} ms`), ANSWER_MS);
    this.#process.once("exit", ended);
    if (this.#process.connected) this.#process.send({ number, question, args });
    else ended();
    const { value, problem } = await promise;
    clearTimeout(late);
    this.#process.off("exit", ended);
    this.#waiting.delete(number);
    if (problem !== undefined) throw new Error(`Cannot ${question}: ${problem}`);
    // The cast: who asks knows what is answered.
    return value as T;
  }

  /** Ends it at once, as a power cut would. Idempotent. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await gone;
  }
}

/** Lets this process answer the questions of its parent, each by the method of its name, and ends with it. */
export function answerQuestions(answers: Readonly<Record<string, (...args: never[]) => unknown>>): void {
  process.on("disconnect", () => process.exit());
  process.on("message", (message) => {
    // The cast: what `Child.ask()` sends.
    const { number, question, args } = message as { number: number; question: string; args: never[] };
    const answer = async () => answers[question]?.(...args);
    answer().then(
      (value) => process.send?.({ number, value }),
      (error) => process.send?.({ number, problem: String(error?.stack ?? error) }),
    );
  });
}

/** `Promise.withResolvers()`, which Node 20 lacks. */
function withResolvers<T>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  let resolve = (_: T) => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
