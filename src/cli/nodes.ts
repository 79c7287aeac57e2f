import { Command } from "commander";
import type { SeenNode } from "../circuit/roll-call.js";
import type { Surroundings } from "../config/define.js";
import { systemClock } from "../core/clock.js";
import type { Discovery } from "../mesh/discovery/discovery.js";
import type { Cli } from "./cli.js";
import { formatTable } from "./table.js";

interface NodesFlags {
  readonly watch?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly lan?: boolean;
}

/** How often round trips and ages are brought up to date while somebody watches, in milliseconds. */
const REFRESH_MS = 2_000;

/** Moves the cursor to the first line and takes away what is there. */
const CLEAR = "\u001b[H\u001b[2J";

/** `circuit nodes`: which nodes there are, where, and how far away. */
export function nodesCommand(cli: Cli): Command {
  return new Command("nodes")
    .description("list the nodes that can be found, with address, board, age and round trip")
    .argument("[config]", "configuration whose grid is asked too")
    .option("-w, --watch", "go on: redraw on a terminal, else print a line for each change")
    .option("--lan", "ask the local network too, by mDNS")
    .option("--json", "print a line of JSON for each node")
    .option("--quiet", "print the names and addresses only")
    .action(async (config: string | undefined, flags: NodesFlags) => {
      const { makeDiscovery } = await import("../circuit/discovery.js");
      const { makeSafety } = await import("../circuit/safety.js");
      const { grid = {}, security = {} } = config === undefined ? {} : await load(config);
      const { lan = false } = flags;
      const { credentials, tls } = security;
      const {
        trust,
        tls: openTls,
        close,
      } = await makeSafety(
        {
          ...(credentials !== undefined && { credentials }),
          ...(tls?.authority !== undefined && { tls: { authority: tls.authority } }),
        },
        { env: cli.env, clock: systemClock, notice: cli.log },
      );
      const discovery = await makeDiscovery({
        ...{ announce: false, lan, grid, env: cli.env, trust, tls: openTls },
      });
      try {
        await discovery.start();
        const [problem] = discovery.problems;
        if (problem) throw problem;
        if (lan) await firstAnswers(cli);
        if (flags.watch) await watch(cli, discovery, flags);
        else await list(cli, discovery, flags);
      } finally {
        await discovery.close();
        close();
      }
    });
}

async function load(config: string): Promise<Surroundings> {
  const { loadSurroundings } = await import("../config/load.js");
  return loadSurroundings(config);
}

async function firstAnswers(cli: Cli): Promise<void> {
  const { FIRST_ANSWERS_MS } = await import("../mesh/discovery/mdns.js");
  await systemClock.sleep(FIRST_ANSWERS_MS, cli.signal);
}

async function list(cli: Cli, discovery: Discovery, { json, quiet }: NodesFlags): Promise<void> {
  const { callRoll } = await import("../circuit/roll-call.js");
  const nodes = await callRoll({ discovery, now: Date.now });
  if (json) for (const node of nodes) cli.print(JSON.stringify(node));
  else if (quiet) for (const { name, address } of nodes) cli.print(`${name}=${address}`);
  else for (const line of table(nodes)) cli.print(line);
}

async function watch(cli: Cli, discovery: Discovery, flags: NodesFlags): Promise<never> {
  const { watchRoll } = await import("../circuit/roll-call.js");
  const { signal } = cli;
  const rolls = watchRoll({
    discovery,
    now: Date.now,
    clock: systemClock,
    everyMs: REFRESH_MS,
    signal,
  });
  const redraws = cli.isTerminal && !flags.json && !flags.quiet;
  let before: readonly SeenNode[] = [];
  for await (const nodes of rolls) {
    if (redraws) cli.print(`${CLEAR}${table(nodes).join("\n")}`);
    else for (const line of changes(before, nodes, flags)) cli.print(line);
    before = nodes;
  }
  throw signal.reason;
}

/** A line for each node that came, went, or no longer answers. */
function changes(before: readonly SeenNode[], now: readonly SeenNode[], flags: NodesFlags): string[] {
  const keyOf = (node: SeenNode) =>
    [node.boot, node.name, node.address, node.source, node.roundTripMs === null].join(" ");
  const known = new Set(before.map(keyOf));
  const present = new Set(now.map(keyOf));
  return [
    ...before.filter((node) => !present.has(keyOf(node))).map((node) => changeLine("went", node, flags)),
    ...now.filter((node) => !known.has(keyOf(node))).map((node) => changeLine("came", node, flags)),
  ];
}

function changeLine(change: "came" | "went", node: SeenNode, { json, quiet }: NodesFlags): string {
  if (json) return JSON.stringify({ change, ...node });
  const sign = change === "came" ? "+" : "-";
  if (quiet) return `${sign} ${node.name}=${node.address}`;
  const { name, address, ...rest } = node;
  return [sign, name, address, ...cells(rest)].join("  ");
}

function table(nodes: readonly SeenNode[]): string[] {
  if (nodes.length === 0) return ["No nodes. Start one, for example `circuit buzzer --board mock`."];
  const rows = nodes.map(({ name, address, ...rest }) => [name, address, ...cells(rest)]);
  return formatTable([
    ["NODE", "ADDRESS", "SKETCH", "BOARD", "ENGINE", "KNOWN BY", "AGE", "ROUND TRIP"],
    ...rows,
  ]);
}

function cells(node: Omit<SeenNode, "name" | "address">): string[] {
  const { sketch, board, engine, source, ageMs, roundTripMs, isDenied } = node;
  return [
    sketch ?? "-",
    board ?? "-",
    engine,
    source,
    ageMs === null ? "-" : describeAge(ageMs),
    roundTripMs === null ? (isDenied ? "no proof" : "no answer") : `${roundTripMs.toFixed(2)} ms`,
  ];
}

/** An age in the largest unit of which it has two, so that it is never half wrong. */
export function describeAge(ageMs: number): string {
  const units = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["min", 60_000],
  ] as const;
  for (const [unit, unitMs] of units) if (ageMs >= 2 * unitMs) return `${Math.floor(ageMs / unitMs)} ${unit}`;
  return `${Math.floor(ageMs / 1_000)} s`;
}
