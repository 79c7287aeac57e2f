import assert from "node:assert/strict";
import { test } from "node:test";
import { Commands, type CommandsOptions } from "../../src/circuit/commands.js";
import { systemClock } from "../../src/core/clock.js";

const options = { skip: process.platform === "win32" && "needs a POSIX shell" };

function commandsOf(command: string, output: CommandsOptions["output"], isParallel = false): Commands {
  return new Commands({ command, output, isParallel, limitMs: 30_000, env: process.env, clock: systemClock });
}

function gate(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((open) => {
    resolve = open;
  });
  return { promise, resolve };
}

const EVENT = { subject: "a\u001b[2J", headers: {}, data: "x" };

test("Commands reads no more of a command while that is not passed on", options, async (context) => {
  const { promise: isRead, resolve: read } = gate();
  const { promise: hasBegun, resolve: begin } = gate();
  let [bytes, chunks] = [0, 0];
  const commands = commandsOf("yes | head -c 3000000", (chunk) => {
    bytes += chunk.length;
    begin();
    return ++chunks === 1 ? isRead : undefined;
  });
  context.after(() => commands.close());
  const run = commands.run(EVENT, new AbortController().signal);
  await hasBegun;
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(chunks, 1);
  read();
  await run;
  assert.equal(bytes, 3_000_000);
});

test(
  "Commands has handled an event when the output is passed on, in pieces too",
  options,
  async (context) => {
    const { promise: isRead, resolve: read } = gate();
    const { promise: hasBegun, resolve: begin } = gate();
    const commands = commandsOf(
      "echo hi",
      () => {
        begin();
        return isRead;
      },
      true,
    );
    context.after(() => commands.close());
    let isDone = false;
    const run = commands.run(EVENT, new AbortController().signal).then(() => {
      isDone = true;
    });
    await hasBegun;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isDone, false);
    read();
    await run;
  },
);

test("Commands obeys nobody's subject on the terminal", options, async (context) => {
  const commands = commandsOf("exit 3", () => undefined);
  context.after(() => commands.close());
  await assert.rejects(commands.run(EVENT, new AbortController().signal), {
    code: "COMMAND_FAILED",
    message: "Cannot handle an event of a\u{fffd}[2J by the command: it exited with 3",
  });
});
