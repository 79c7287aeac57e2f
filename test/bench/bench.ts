import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** One claim: how ours compares to its peer, measured in the same run. */
export interface Row {
  readonly claim: string;
  /** What the figures count, for example `acks/s`. */
  readonly unit: string;
  readonly peer: string;
  /** Ours divided by the peer's is at least this; without it the row is for information. */
  readonly atLeast?: number;
  /** Measures once. */
  ours(): Promise<number>;
  theirs(): Promise<number>;
  /** Why the row cannot be measured here; `undefined` where it can. */
  missing?(): string | undefined;
}

export interface Result {
  readonly row: Row;
  readonly ours: number;
  readonly theirs: number;
  readonly ratio: number;
}

/** Alternations of ours and the peer's, so that both see the same weather. */
const ROUNDS = 5;

/** Alternates ours and the peer's and takes the median of each. */
export async function measure(row: Row, rounds = ROUNDS): Promise<Result> {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    theirs.push(await row.theirs());
    ours.push(await row.ours());
  }
  const result = { row, ours: medianOf(ours), theirs: medianOf(theirs) };
  return { ...result, ratio: result.ours / result.theirs };
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export const HEADINGS = ["claim", "ours", "peer", "unit", "ratio", "at least", "verdict"];

/** A row of the table, as texts. */
export function describe({ row, ours, theirs, ratio }: Result): string[] {
  const holds = row.atLeast === undefined ? "" : ratio >= row.atLeast ? "holds" : "FAILS";
  return [
    row.claim,
    format(ours),
    `${format(theirs)} (${row.peer})`,
    row.unit,
    `${ratio.toFixed(2)} ×`,
    row.atLeast === undefined ? "" : `${row.atLeast} ×`,
    holds,
  ];
}

function format(value: number): string {
  return value < 100 ? value.toFixed(2) : Math.round(value).toLocaleString("en").replaceAll(",", " ");
}

/** A Markdown table, headings first, whose columns line up. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const [headings = "", ...lines] = rows.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`,
  );
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [headings, rule, ...lines].join("\n");
}

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  /** The core that it runs on; where `taskset` is missing, any. */
  readonly core: 0 | 1;
}

/** A process of a measurement, and the lines it prints. */
export class Running {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor({ command, args, core }: Program) {
    const pinned = process.platform === "linux" ? ["taskset", "-c", `${core}`, command] : [command];
    const [first = command, ...rest] = [...pinned, ...args];
    this.#process = spawn(first, rest, { stdio: ["pipe", "pipe", "inherit"] });
    const { stdout } = this.#process;
    if (stdout === null) throw new Error(`Cannot run ${command}: it has no output`);
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  /** The next line that it prints. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error("Cannot measure: a process ended without its line");
    return value;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, "exit");
    this.#process.kill("SIGTERM");
    await exited;
  }
}

/** Starts servers, each of which prints its address when it is ready; then a client, which prints a figure. */
export async function runAgainst(
  servers: readonly Program[],
  client: (addresses: readonly string[]) => Program,
): Promise<number> {
  const running: Running[] = [];
  try {
    const addresses: string[] = [];
    for (const server of servers) {
      const started = new Running(server);
      running.push(started);
      addresses.push(await started.line());
    }
    const measuring = new Running(client(addresses));
    running.push(measuring);
    return Number(await measuring.line());
  } finally {
    await Promise.all(running.map((each) => each.stop()));
  }
}
