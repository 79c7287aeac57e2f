import type { CircuitEvent } from "../circuit/progress.js";
import { type Clock, systemClock } from "../core/clock.js";
import type { Flow } from "../flow/flow.js";
import type { Cli } from "./cli.js";
import { statusLine, statusTable } from "./flow-status.js";
import { LiveBlock } from "./live-block.js";
import { type ReporterOptions, reporter } from "./reporter.js";

/** How often a terminal is redrawn, in milliseconds: quick enough to look alive, slow enough to be read. */
const REDRAW_MS = 250;

/** How often a program is told, in milliseconds. */
const JSON_MS = 1_000;

/** How often a line goes to a log, in milliseconds. */
const LINE_MS = 10_000;

/** Shows a flow that runs. */
export interface FlowView {
  /** It runs from now on. */
  begin(flow: Flow): void;
  /** Something was told meanwhile; the summary comes last. */
  event(event: CircuitEvent): void;
  /** Leaves the terminal as it was. Idempotent. */
  end(): void;
}

/** A live table on a terminal, lines elsewhere, JSON for programs; with `quiet` what was done in all. */
export function viewOf(cli: Cli, options: ReporterOptions, clock: Clock = systemClock): FlowView {
  if (options.json) return new JsonView(cli, clock);
  const { terminal } = cli;
  return new TextView(cli, options, { clock, terminal: options.quiet ? undefined : terminal });
}

class JsonView implements FlowView {
  readonly #cli: Cli;
  readonly #clock: Clock;
  #cancel = () => {};

  constructor(cli: Cli, clock: Clock) {
    this.#cli = cli;
    this.#clock = clock;
  }

  begin(flow: Flow): void {
    const last = { line: "" };
    this.#cancel = every(this.#clock, JSON_MS, () => {
      const line = JSON.stringify({ type: "status", flow: flow.name, managers: flow.status });
      if (line !== last.line) this.#cli.print(line);
      last.line = line;
    });
  }

  event(event: CircuitEvent): void {
    if (event.type === "summary") this.end();
    this.#cli.print(JSON.stringify(event));
  }

  end(): void {
    this.#cancel();
  }
}

class TextView implements FlowView {
  readonly #cli: Cli;
  readonly #options: ReporterOptions;
  readonly #clock: Clock;
  readonly #terminal: Cli["terminal"];
  readonly #told: (event: CircuitEvent) => void;
  #flow: Flow | undefined;
  #block: LiveBlock | undefined;
  #cancel = () => {};

  constructor(
    cli: Cli,
    options: ReporterOptions,
    { clock, terminal }: { readonly clock: Clock; readonly terminal: Cli["terminal"] },
  ) {
    this.#cli = cli;
    this.#options = options;
    this.#clock = clock;
    this.#terminal = terminal;
    this.#told = reporter(cli, options);
  }

  begin(flow: Flow): void {
    this.#flow = flow;
    if (this.#options.quiet) return;
    if (this.#terminal === undefined) {
      this.#cli.log(`Running ${flow.name}: ${flow.status.map(({ name }) => name).join(", ")}`);
      this.#cancel = every(
        this.#clock,
        LINE_MS,
        unchanged(() => this.#lines(), this.#cli.log),
      );
      return;
    }
    this.#block = new LiveBlock(this.#terminal);
    this.#redraw();
    this.#cancel = every(this.#clock, REDRAW_MS, () => this.#redraw());
  }

  event(event: CircuitEvent): void {
    if (event.type !== "summary") this.#told(event);
    else if (this.#flow) this.#summarize(this.#flow);
  }

  end(): void {
    this.#cancel();
    this.#block?.end();
  }

  #summarize(flow: Flow): void {
    if (this.#block) this.#redraw();
    this.end();
    // On a terminal it stands there already.
    if (this.#block) return;
    for (const line of statusTable(flow.status, { columns: Number.POSITIVE_INFINITY, color: false }))
      this.#cli.print(line);
  }

  #lines(): string[] {
    return this.#flow?.status.map(statusLine) ?? [];
  }

  #redraw(): void {
    if (this.#terminal === undefined) return;
    const { columns, rows } = this.#terminal;
    const lines = statusTable(this.#flow?.status ?? [], { columns, color: this.#cli.color });
    // The cursor stands below; what is more than there is room for would roll away, and stay there.
    const most = Math.max(1, rows - 1);
    const left = lines.length - most + 1;
    this.#block?.show(lines.length <= most ? lines : [...lines.slice(0, most - 1), `… and ${left} more`]);
  }
}

function every(clock: Clock, periodMs: number, act: () => void): () => void {
  let cancel = () => {};
  const next = () => {
    cancel = clock.after(periodMs, () => {
      act();
      next();
    });
  };
  next();
  return () => cancel();
}

/** Tells the lines that were not told the last time. */
function unchanged(linesOf: () => readonly string[], tell: (line: string) => void): () => void {
  let before: readonly string[] = [];
  return () => {
    const lines = linesOf();
    for (const line of lines) if (!before.includes(line)) tell(line);
    before = lines;
  };
}
