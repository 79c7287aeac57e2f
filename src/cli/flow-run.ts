import { Command } from "commander";
import type { ChosenFlow } from "../circuit/flows/choose-flow.js";
import { CircuitError } from "../core/error.js";
import type { Flow } from "../flow/flow.js";
import { type Cli, Interrupted } from "./cli.js";
import { addSettingFlags, type FlagValues } from "./flags.js";
import { addFlowFlags, chosenFlow, type FlowFlags } from "./flow-flags.js";
import { abandonedOf } from "./flow-status.js";
import { viewOf } from "./flow-view.js";
import { addBoardFlags, addReachFlags, onBoard, type RunFlags, withRunFlags } from "./run.js";

interface FlowRunFlags extends RunFlags, FlowFlags {}

/** `circuit flow run`: one flow, on the boards and the mesh of a configuration. */
export function flowRunCommand(cli: Cli): Command {
  const command = addFlowFlags(new Command("run")).description(
    "run a flow until its pipelines have finished; Ctrl-C drains it",
  );
  addReachFlags(addBoardFlags(command))
    .option("--json", "print what it has counted, and what happens, as lines of JSON")
    .option("--quiet", "print what was done in all only");
  addSettingFlags(command, []);
  return command.action(async (given: string, flags: FlowRunFlags & FlagValues) => {
    const chosen = await chosenFlow(cli, given, flags);
    await runFlow(cli, chosen, { command, flags });
  });
}

async function runFlow(
  cli: Cli,
  { name, definition, circuit }: ChosenFlow,
  { command, flags }: { readonly command: Command; readonly flags: FlowRunFlags & FlagValues },
): Promise<void> {
  const { runCircuit } = await import("../circuit/run.js");
  const { announce, lan = false } = flags;
  const view = viewOf(cli, flags);
  const drain = new Drain(cli.signal);
  try {
    await runCircuit(withRunFlags(cli, onBoard(circuit, command), { command, flags }), {
      signal: cli.signal,
      env: cli.env,
      flows: { [name]: definition },
      discovery: { announce, lan },
      onEvent: (event) => view.event(event),
      onFlow: (flow) => {
        drain.flow = flow;
        view.begin(flow);
      },
    });
  } catch (error) {
    view.end();
    // Who stops a flow that runs has got what was asked for.
    if (!(error instanceof Interrupted) || drain.flow === undefined) throw error;
    drain.check(drain.flow);
  } finally {
    view.end();
  }
}

/** Watches what becomes of the items that a flow has when it is told to stop. */
class Drain {
  flow: Flow | undefined;
  #before = 0;

  constructor(signal: AbortSignal) {
    signal.addEventListener(
      "abort",
      () => {
        this.#before = abandonedOf(this.flow?.status ?? []);
      },
      { once: true },
    );
  }

  /** @throws {CircuitError} `FLOW_FAILED` where it was not drained. */
  check({ name, status }: Flow): void {
    const failed = status.filter(({ state }) => state === "failed").map((manager) => manager.name);
    const lost = abandonedOf(status) - this.#before;
    if (failed.length === 0 && lost === 0) return;
    const problem = failed.length > 0 ? `${failed.join(" and ")} failed` : `${lost} items were given up`;
    throw new CircuitError("FLOW_FAILED", `Cannot stop ${name} as it should be: ${problem}`, {
      hint: "What was told above says where; a manager's graceMs allows more time.",
    });
  }
}
