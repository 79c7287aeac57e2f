import { styleText } from "node:util";
import { escaped } from "../core/printable.js";
import type { ManagerState, ManagerStatus } from "../flow/supervisor.js";
import type { PartCounts } from "../flow/tally.js";

export interface StatusOptions {
  /** Characters that a line may have. */
  readonly columns: number;
  readonly color: boolean;
}

interface Column {
  readonly title: string;
  /** What it says of a part, or of a whole pipeline. */
  readonly part: (counts: PartCounts) => string;
  readonly manager: (status: ManagerStatus) => string;
}

/** What a table says of each part. */
const COLUMNS: readonly Column[] = [
  column("IN", (counts) => (hasNoInput(counts) ? "-" : count(counts.in))),
  column("OUT", ({ out }) => count(out)),
  column("DROPPED", ({ dropped }) => count(dropped)),
  column("IN FLIGHT", (counts) => count(inFlight(counts))),
  column("GIVEN UP", (counts) => count(givenUp(counts))),
  { ...column("RESTARTS", () => ""), manager: ({ restarts }) => count(restarts) },
  column("P99", ({ p99Ms }) => (p99Ms === undefined ? "-" : duration(p99Ms))),
];

/** Where a line has no room for all, these go first. */
const LEAST: readonly string[] = ["P99", "GIVEN UP", "OUT", "IN FLIGHT", "RESTARTS", "DROPPED"];

/** Below this, in characters, names say nothing, and a column goes in their place. */
const LEAST_NAME = 12;

const GAP = "  ";

/** Flows as a table: a line for each pipeline and each part, none of them wider than the columns. */
export function statusTable(statuses: readonly ManagerStatus[], options: StatusOptions): string[] {
  const rows = statuses.flatMap((status) => [
    { status, name: `${escaped(status.name)} ${status.state}`, counts: undefined },
    ...Object.entries(status.parts).map(([part, counts]) => ({ status, name: `  ${escaped(part)}`, counts })),
  ]);
  let columns = COLUMNS;
  const cellsOf = (each: Column) => [
    each.title,
    ...rows.map(({ status, counts }) => (counts ? each.part(counts) : each.manager(status))),
  ];
  const widthOf = (each: Column) => Math.max(...cellsOf(each).map(({ length }) => length));
  const taken = () => columns.reduce((sum, each) => sum + GAP.length + widthOf(each), 0);
  const nameWidth = Math.max(LEAST_NAME, ...rows.map(({ name }) => [...name].length));
  for (const title of LEAST) {
    if (taken() + Math.min(nameWidth, LEAST_NAME) <= options.columns) break;
    columns = columns.filter((each) => each.title !== title);
  }
  const width = Math.max(1, Math.min(nameWidth, options.columns - taken()));
  const line = (name: string, cells: readonly string[]) => {
    const padded = columns.map((each, at) => GAP + (cells[at] ?? "").padStart(widthOf(each)));
    return fitted(name, width) + padded.join("");
  };
  const heading = line(
    "",
    columns.map(({ title }) => title),
  );
  return [
    paint(options, "gray", heading),
    ...rows.map(({ status, name, counts }) => {
      const cells = columns.map((each) => (counts ? each.part(counts) : each.manager(status)));
      const text = line(name, cells).trimEnd();
      return counts ? text : paint(options, COLORS[status.state], text);
    }),
  ].map((text) => text.trimEnd());
}

/** A pipeline in a line. */
export function statusLine({ name, state, restarts, sources, parts }: ManagerStatus): string {
  const all = Object.values(parts);
  const sum = (of: (counts: PartCounts) => number) => all.reduce((total, counts) => total + of(counts), 0);
  const items = sources.reduce((total, source) => total + (parts[source]?.out ?? 0), 0);
  const counts = [
    ...[`${items} items`, `${sum(({ dropped }) => dropped)} dropped`, `${sum(givenUp)} given up`],
    ...[`${sum(inFlight)} in flight`, `${restarts} restart${restarts === 1 ? "" : "s"}`],
  ];
  return `${escaped(name)} ${state}: ${counts.join(", ")}`;
}

/** Items of all pipelines that were not handled to the end. */
export function abandonedOf(statuses: readonly ManagerStatus[]): number {
  const parts = statuses.flatMap((status) => Object.values(status.parts));
  return parts.reduce((sum, { abandoned }) => sum + abandoned, 0);
}

const COLORS = {
  ready: "gray",
  running: "green",
  waiting: "yellow",
  stopping: "yellow",
  finished: "green",
  stopped: "gray",
  failed: "red",
} as const satisfies Record<ManagerState, string>;

function column(title: string, part: Column["part"]): Column {
  return { title, part, manager: () => "" };
}

/** Nothing comes to a source that is pulled, nor has yet to some others. */
function hasNoInput({ in: came }: PartCounts): boolean {
  return came === 0;
}

function inFlight({ waiting, running }: PartCounts): number {
  return waiting + running;
}

function givenUp({ failed, abandoned }: PartCounts): number {
  return failed + abandoned;
}

/** At most six characters. */
function count(value: number): string {
  if (value < 100_000) return String(value);
  for (const [unit, size] of [
    ["k", 1e3],
    ["M", 1e6],
  ] as const) {
    const share = Number((value / size).toPrecision(3));
    if (share < 1_000) return `${share}${unit}`;
  }
  return `${Number((value / 1e9).toPrecision(3))}G`;
}

function duration(ms: number): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  // Clocks of processes do not tell less.
  if (ms < 0.001) return "<0.001 ms";
  return `${ms.toFixed(ms < 1 ? 3 : ms < 10 ? 1 : 0)} ms`;
}

/** A name in so many characters: what has no room is left out in the end. */
function fitted(name: string, width: number): string {
  const characters = [...name];
  if (characters.length <= width) return name + " ".repeat(width - characters.length);
  return `${characters.slice(0, width - 1).join("")}…`;
}

function paint({ color }: StatusOptions, name: Parameters<typeof styleText>[0], text: string): string {
  // Whether it is a terminal was asked before.
  return color ? styleText(name, text, { validateStream: false }) : text;
}
