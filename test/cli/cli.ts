import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../temporary-folder.js";

/** The command line, as a person would start it. */
export const MAIN = fileURLToPath(new URL("../../src/cli/main.js", import.meta.url));

/** Time that any one wait of these tests may take, in milliseconds. */
const WAIT_LIMIT_MS = 15_000;

export interface StartOptions {
  /** Added to an environment without any `CIRCUIT_*`; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** An empty folder of its own where none is given. */
  readonly folder?: string;
  /** What is piped in; nothing by default. */
  readonly input?: string;
  /** Leaves its input open. */
  readonly keepsInput?: boolean;
  /** Runs as a user without any rights, where this one is root. */
  readonly unprivileged?: boolean;
}

/** How a process ended, and all that it said. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** From its start to its end. */
  readonly durationMs: number;
}

/** The user and group "nobody" of Debian. */
const NOBODY = "65534";
const AS_NOBODY = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
const isRoot = process.getuid?.() === 0;

/** Why nothing can be run here as a user without rights, as `skip` wants it. */
export const skipWithoutUnprivileged: string | false =
  process.platform === "linux" && (!isRoot || runsAsNobody())
    ? false
    : "needs a user without rights who can read this folder: run the tests as one";

function runsAsNobody(): boolean {
  const [command = "", ...args] = [...AS_NOBODY, process.execPath, MAIN, "--version"];
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

const runtimeFolders = new WeakMap<TestContext, string>();

/** Where the processes of a test find and trust each other, and no other test's: tests that run at the same time are no mesh. */
function runtimeFolder(context: TestContext): string {
  const folder = runtimeFolders.get(context) ?? temporaryFolder();
  runtimeFolders.set(context, folder);
  return folder;
}

/** A process that a test watches and, at its end, ends. */
export class Running {
  readonly #child: ChildProcess;
  readonly #what: string;
  readonly #startMs = performance.now();
  readonly #watchers = new Set<() => void>();
  readonly #ended: Promise<Ended>;
  #stdout = "";
  #stderr = "";
  #over = false;

  constructor(context: TestContext, command: readonly string[], options: StartOptions = {}) {
    const [program = "", ...args] = options.unprivileged && isRoot ? [...AS_NOBODY, ...command] : command;
    this.#what = [program, ...args].join(" ");
    this.#child = spawn(program, args, {
      cwd: options.folder ?? temporaryFolder(),
      env: environment({ XDG_RUNTIME_DIR: runtimeFolder(context), ...options.env }),
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    this.#child.stdin?.on("error", () => {});
    if (options.input !== undefined) this.#child.stdin?.write(options.input);
    if (!options.keepsInput) this.#child.stdin?.end();
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#look();
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      this.#look();
    });
    this.#ended = new Promise((resolve, reject) => {
      this.#child.once("error", reject);
      this.#child.once("close", (code, signal) => {
        this.#over = true;
        const durationMs = performance.now() - this.#startMs;
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr, durationMs });
        this.#look();
      });
    });
    this.#ended.catch(() => {});
    context.after(() => this.#child.kill("SIGKILL"));
  }

  /** All that it has said on stdout so far. */
  get stdout(): string {
    return this.#stdout;
  }

  /** Resolves with the first match of `pattern` in what it says, on stdout or stderr; `^` and `$` are of lines. */
  said(pattern: RegExp): Promise<RegExpExecArray> {
    const lines = new RegExp(pattern.source, "m");
    return this.#until(`${pattern}`, () => lines.exec(this.#stdout) ?? lines.exec(this.#stderr) ?? undefined);
  }

  /** Resolves when it has ended by itself. */
  async ended(): Promise<Ended> {
    await this.#until("end", () => this.#over || undefined);
    return this.#ended;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Closes our end of its stdout, as `| head` does. */
  closeStdout(): void {
    this.#child.stdout?.destroy();
  }

  #look(): void {
    for (const look of [...this.#watchers]) look();
  }

  #until<T>(what: string, find: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(limit);
        this.#watchers.delete(look);
      };
      const fail = (when: string) => {
        settle();
        reject(new Error(`No ${what} ${when} of ${this.#what}:\n${this.#stdout}${this.#stderr}`));
      };
      const look = () => {
        const found = find();
        if (found !== undefined) {
          settle();
          resolve(found);
        } else if (this.#over) fail("before the end");
      };
      const limit = setTimeout(() => fail(`within ${WAIT_LIMIT_MS} ms`), WAIT_LIMIT_MS);
      this.#watchers.add(look);
      look();
    });
  }
}

function environment(added: StartOptions["env"]): NodeJS.ProcessEnv {
  // NODE_TEST_CONTEXT and its like are this test run's business.
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(CIRCUIT_|__BROKER_|NODE_|NO_COLOR|FORCE_COLOR)/.test(name),
  );
  return { ...Object.fromEntries(kept), ...added };
}

/** Starts `circuit` with these arguments. */
export function startCircuit(
  context: TestContext,
  args: readonly string[],
  options: StartOptions = {},
): Running {
  return new Running(context, [process.execPath, MAIN, ...args], options);
}

/** Runs `circuit` to its end. */
export function circuit(
  context: TestContext,
  args: readonly string[],
  options: StartOptions = {},
): Promise<Ended> {
  return startCircuit(context, args, options).ended();
}

/** Bits that iopins have printed, in order. */
export function printedBits(text: string): number[] {
  return [...text.matchAll(/toggling pin \d+: \[([\d, ]+)\]/g)].flatMap(([, bits = ""]) =>
    bits.split(", ").map(Number),
  );
}
