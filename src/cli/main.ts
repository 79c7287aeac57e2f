#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { type Cli, Interrupted, STOP_SIGNALS } from "./cli.js";
import { openTerminal } from "./terminal.js";
import { written, writtenBehind } from "./written.js";

/** Any time will do: nothing happens then. */
const KEEP_ALIVE_MS = 3_600_000;

const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
const args = process.argv.slice(2);

// Asked often by scripts, and answered without loading anything.
if (args.length === 1 && (args[0] === "--version" || args[0] === "-V")) {
  process.stdout.write(`${version}\n`);
} else {
  await main();
}

async function main(): Promise<void> {
  const stop = new AbortController();
  // The cast: the keys of the table are the signals.
  for (const signal of Object.keys(STOP_SIGNALS) as (keyof typeof STOP_SIGNALS)[]) {
    process.on(signal, () => {
      const reason = new Interrupted(signal);
      // The second time ends at once: something does not close.
      if (stop.signal.aborted) process.exit(reason.exitCode);
      stop.abort(reason);
    });
  }
  // A reader that has gone away, as in `circuit run | head`, is no failure of the circuit's.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", () => stop.abort(new Interrupted("SIGTERM")));
  }
  const cli: Cli = {
    env: process.env,
    folder: process.cwd(),
    signal: stop.signal,
    isTerminal: process.stdout.isTTY === true,
    terminal: process.stdout.isTTY ? openTerminal(process.stdout, process.stderr) : undefined,
    color: process.stdout.isTTY === true && !process.env.NO_COLOR,
    print: (line) => void process.stdout.write(`${line}\n`),
    log: (line) => void process.stderr.write(`${line}\n`),
    write: (line) => written(process.stdout, `${line}\n`),
    pass: (chunk, to) => writtenBehind(process[to], chunk),
    // Not before it is asked for: a process that reads has its standard input open.
    input: () => (process.stdin.isTTY ? undefined : process.stdin),
  };
  const [{ runProgram }, { describeFailure, exitCodeOf }, { systemClock }] = await Promise.all([
    import("./program.js"),
    import("./exit.js"),
    import("../core/clock.js"),
  ]);
  // What a sketch throws from a timer or a promise of its own ends the circuit, but not before its pins are safe.
  process.on("uncaughtException", (error) => {
    if (stop.signal.aborted) for (const line of describeFailure(error)) cli.log(line);
    else stop.abort(error);
  });
  // A circuit that waits for messages has nothing else, on a mock board, that would keep the process.
  const stay = () => void systemClock.after(KEEP_ALIVE_MS, stay);
  stay();
  try {
    await runProgram(cli, version, args);
    if (stop.signal.aborted && !(stop.signal.reason instanceof Interrupted)) throw stop.signal.reason;
    process.exitCode = 0;
  } catch (error) {
    for (const line of describeFailure(error)) cli.log(line);
    process.exitCode = exitCodeOf(error);
  }
  // Components of Johnny-Five may leave timers running: all is closed, so end, once what was printed is out.
  process.stdout.write("", () => process.exit());
}
