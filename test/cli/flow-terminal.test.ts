import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { widthOf } from "../../src/cli/live-block.js";
import { temporaryFolder } from "../temporary-folder.js";
import { PYTHON, skipWithoutPythonWebsockets } from "../tools.js";
import { MAIN, Running } from "./cli.js";

const SCRIPT = fileURLToPath(new URL("../../../test/cli/terminal.py", import.meta.url));

/** Prints a line for each tenth item; where it is to hang, the tenth is never handled. */
const FLOW = `
import { defineFlow, Manager } from "circuit-five";
async function* beat({ clock, signal }) {
  signal.addEventListener("abort", () => console.log("press again"));
  for (let beat = 1; ; beat++) {
    yield beat;
    await clock.sleep(5, signal);
  }
}
export default defineFlow({
  name: "desk",
  managers: [new Manager({ name: "first pipeline", graceMs: 60_000, pipeline: {
    sources: { beat },
    processors: { take: (beat) => {
      if (beat % 10 === 0) console.log("item " + beat);
      if (!process.env.HANG || beat < 10) return undefined;
      console.log("press");
      return new Promise(() => {});
    } },
    connections: [{ from: "beat", to: "take" }],
  } })],
});`;

for (const columns of [100, 30]) {
  test(`circuit flow run shows a table below what is printed, on ${columns} columns`, {
    skip: skipWithoutPythonWebsockets,
  }, async (context) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "desk.flow.js"), FLOW);
    const args = [`${columns}`, "24", "item 100", process.execPath, MAIN, "flow", "run", "desk.flow.js"];
    const running = new Running(context, [PYTHON, SCRIPT, ...args], { folder });
    const { code, stdout } = await running.ended();
    assert.equal(code, 0, stdout);
    assert.ok(stdout.includes("\u001b[?25l"), "the cursor is hidden");
    assert.ok(stdout.endsWith("\u001b[?25h"), "and back in the end");
    const drawings = stdout.split("\u001b[?2026h").slice(1);
    const [last = ""] = (drawings.at(-1) ?? "").split("\u001b[J");
    assert.match(last, /first pipeline/);
    assert.match(last, /beat +-/);
    // 500 ms at 250 ms each, and once for each line that was printed.
    assert.ok(drawings.length <= 40, `${drawings.length} drawings`);
    for (const drawing of drawings) {
      const [drawn = ""] = drawing.split("\u001b[J");
      // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's own
      const lines = drawn.replace(/\u001b\[[?\d]*[hlAK]|\r/g, "").split("\n");
      for (const line of lines) assert.ok(widthOf(line) <= columns, line);
    }
  });
}

test("circuit flow run gives the cursor back at a second Ctrl-C", {
  skip: skipWithoutPythonWebsockets,
}, async (context) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "desk.flow.js"), FLOW);
  // Ctrl-C is pressed each time that it says so: where it is made to hang, and where it is told to drain.
  const args = ["80", "24", "press", process.execPath, MAIN, "flow", "run", "desk.flow.js"];
  const running = new Running(context, [PYTHON, SCRIPT, ...args], { folder, env: { HANG: "1" } });
  const { code, stdout } = await running.ended();
  assert.equal(code, 130, stdout);
  assert.ok(stdout.endsWith("\u001b[?25h"));
});
