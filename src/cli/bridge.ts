import { Command, Option } from "commander";
import type { BridgeEvent } from "../circuit/bridge.js";
import { parseSetting } from "../config/schema.js";
import { CIRCUIT_SETTINGS } from "../config/settings.js";
import { CircuitError } from "../core/error.js";
import type { Cli } from "./cli.js";
import { collectPeer } from "./flags.js";
import { addSafetyFlags, type SafetyFlags, withSafetyFlags } from "./safety.js";

interface BridgeFlags extends SafetyFlags {
  readonly config?: string;
  readonly expose: Readonly<Record<string, number>>;
  readonly peer: Readonly<Record<string, string>>;
  readonly lan?: boolean;
  readonly timeout?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `circuit bridge`: joins the nodes of this machine, or a LAN, to NATS. */
export function bridgeCommand(cli: Cli): Command {
  const timeout = CIRCUIT_SETTINGS.timeoutSeconds;
  const command = new Command("bridge")
    .description("join the nodes that can be found to NATS: each is reached there by its name")
    .argument("<url>", "NATS server: nats://HOST:PORT or tls://HOST:PORT")
    .argument("[names...]", "nodes to join (default: every one that is found)")
    .addOption(
      new Option("--expose <name=port>", "let a node on NATS be found here, on a port; may be repeated")
        .default({}, "none")
        .argParser(collectExposed),
    )
    .addOption(
      new Option("--peer <name=url>", "where a node is that is not announced; may be repeated")
        .default({}, "none")
        .argParser(collectPeer),
    )
    .option("--config <file>", "configuration whose `grid` and `security` count; it needs no nodes")
    .option("--lan", "find nodes of the local network too, by mDNS")
    .addOption(
      new Option(
        "--timeout <seconds>",
        `time for the server, and for a node, to appear (default: ${timeout.default})`,
      )
        .env("CIRCUIT_TIMEOUT")
        .argParser((given) => parseSetting(timeout, given, "--timeout")),
    );
  return addSafetyFlags(command)
    .option("--json", "print every event as a line of JSON")
    .option("--quiet", "print nothing but notices of trouble")
    .action(async (url: string, names: readonly string[], flags: BridgeFlags) => {
      const { runBridge } = await import("../circuit/run-bridge.js");
      const { loadSurroundings } = await import("../config/load.js");
      const { expose, peer, lan = false, config } = flags;
      const { grid, security } = config === undefined ? {} : await loadSurroundings(config);
      await runBridge({
        url,
        names,
        expose,
        lan,
        grid: { ...grid, ...peer },
        security: withSafetyFlags(security, flags),
        env: cli.env,
        patienceMs: Number(flags.timeout ?? timeout.default) * 1_000,
        signal: cli.signal,
        onEvent: reporterOf(cli, flags),
      });
    });
}

function reporterOf(cli: Cli, { json, quiet }: BridgeFlags): (event: BridgeEvent) => void {
  return (event) => {
    if (json) cli.print(JSON.stringify(event));
    else if (event.type === "notice") cli.log(event.text);
    else if (!quiet) cli.log(describe(event));
  };
}

function describe(event: Exclude<BridgeEvent, { type: "notice" }>): string {
  const side = event.on === "nats" ? "NATS" : "this mesh";
  if (event.type === "left") return `${event.node} left ${side}`;
  return `${event.node} joined ${side} at ${event.addresses.join(" and ")}`;
}

function collectExposed(given: string, exposed: Readonly<Record<string, number>>): Record<string, number> {
  const [, name, text = ""] = /^(.+)=(\d{1,5})$/.exec(given) ?? [];
  const port = Number(text);
  if (name !== undefined && port <= 65_535) return { ...exposed, [name]: port };
  throw new CircuitError("USAGE", `Cannot use --expose ${given}: it is not NAME=PORT`, {
    hint: "Give for example --expose buzzer=8766.",
  });
}
