import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** What is asked of a row: of ours divided by the peer's, or, in the row's unit, of ours alone or less the peer's. */
export interface Limit {
  readonly of: "ratio" | "ours" | "difference";
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** One claim: how ours compares to its peer, measured in the same run. */
export interface Row {
  readonly claim: string;
  /** What the figures count, for example `acks/s`. */
  readonly unit: string;
  readonly peer: string;
  /** Without it the row is for information. */
  readonly limit?: Limit;
  /** Alternations of ours and the peer's; 1 where both figures are exact, as in virtual time. */
  readonly rounds?: number;
  /** Measures once; `share` is how much of the whole measurement to do, above 0 to 1. */
  ours(share: number): Promise<number>;
  theirs(share: number): Promise<number>;
  /** Why the row cannot be measured here; `undefined` where it can. */
  missing?(): string | undefined;
}

export interface Result {
  readonly row: Row;
  readonly ours: number;
  readonly theirs: number;
  /** Median of the ratios of each alternation: what slows the machine down for a while slows both. */
  readonly ratio: number;
}

/** So many alternations, so that ours and the peer's see the same weather. */
const ROUNDS = 5;

/** Alternates ours and the peer's and takes the medians. */
export async function measure(row: Row, { share = 1, rounds = row.rounds ?? ROUNDS } = {}): Promise<Result> {
  const ours: number[] = [];
  const theirs: number[] = [];
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const peer = await row.theirs(share);
    const own = await row.ours(share);
    theirs.push(peer);
    ours.push(own);
    ratios.push(own / peer);
  }
  return { row, ours: medianOf(ours), theirs: medianOf(theirs), ratio: medianOf(ratios) };
}

/** The middle one, or the upper of two. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Whether a result is what its row asks for; `undefined` where it asks for nothing. */
export function holds({ row: { limit }, ours, theirs, ratio }: Result): boolean | undefined {
  if (limit === undefined) return undefined;
  const value = { ratio, ours, difference: ours - theirs }[limit.of];
  return value >= (limit.atLeast ?? -Infinity) && value <= (limit.atMost ?? Infinity);
}

export const HEADINGS = ["claim", "ours", "peer", "unit", "ratio", "asked", "verdict"];

/** A row of the table, as texts. */
export function describe(result: Result): string[] {
  const { row, ours, theirs, ratio } = result;
  const kept = holds(result);
  return [
    row.claim,
    format(ours),
    `${format(theirs)} (${row.peer})`,
    row.unit,
    `${ratio.toFixed(2)} ×`,
    describeLimit(row),
    kept === undefined ? "" : kept ? "holds" : "FAILS",
  ];
}

function describeLimit({ limit, unit }: Row): string {
  if (limit === undefined) return "";
  const sign = limit.atLeast === undefined ? "≤" : "≥";
  const value = limit.atLeast ?? limit.atMost;
  return `${sign} ${value} ${{ ratio: "×", ours: unit, difference: `${unit} more` }[limit.of]}`;
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
  /** The core that it runs on; without one, or where there is no `taskset`, any. */
  readonly core?: 0 | 1;
}

/** A process of a measurement, and the lines it prints. */
export class Running {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor({ command, args, core }: Program) {
    const isPinned = core !== undefined && process.platform === "linux";
    const pinned = isPinned ? ["taskset", "-c", `${core}`, command] : [command];
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

  /** Resolves when it has ended by itself. */
  async ended(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    await once(this.#process, "exit");
  }

  async stop(): Promise<void> {
    const ended = this.ended();
    this.#process.kill("SIGTERM");
    await ended;
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
