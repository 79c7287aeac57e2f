import type { RunOptions } from "../circuit/run-options.js";
import { type Cli, Interrupted } from "./cli.js";

/** Somebody has ended the prompt, and is done. */
class Done extends Error {}

/**
 * Runs a circuit with a prompt: whoever ends that ends the circuit, by Ctrl-C as by any other.
 *
 * @param run Runs the circuit on a command line whose signal the prompt has a say in.
 */
export async function runWithPrompt(
  cli: Cli,
  run: (cli: Cli, onBegun: NonNullable<RunOptions["onBegun"]>) => Promise<void>,
): Promise<void> {
  const { CircuitPrompt } = await import("../circuit/repl/circuit-prompt.js");
  const ending = new AbortController();
  const signal = AbortSignal.any([cli.signal, ending.signal]);
  let close = () => {};
  const end = () => close();
  signal.addEventListener("abort", end, { once: true });
  try {
    await run({ ...cli, signal }, (running) => {
      const prompt = new CircuitPrompt({
        ...{ running, input: cli.input(), terminal: cli.terminal, print: cli.print, env: cli.env },
        ended: (by) => ending.abort(by === "interrupt" ? new Interrupted("SIGINT") : new Done()),
      });
      close = () => prompt.close();
      if (signal.aborted) close();
    });
  } catch (error) {
    if (!(error instanceof Done)) throw error;
  } finally {
    close();
  }
}
