import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { FIRMWARES } from "../circuit/firmwares.js";
import { startCircuit } from "../cli/cli.js";
import { CIRCUITS, exampleUrl, runNewcomersTest } from "./newcomer.js";

for (const circuit of CIRCUITS) {
  for (const { name, skip, hex } of FIRMWARES) {
    test(`${circuit}: its own test passes on ${name}`, { skip }, async () => {
      const { code, output } = await runNewcomersTest(circuit, { firmware: await hex() });
      assert.equal(code, 0, output);
      assert.match(output, /^ℹ pass [1-9]/m);
      assert.match(output, /^ℹ skipped 0$/m);
    });
  }

  test(`${circuit}: circuit run runs it on the emulated Uno`, { timeout: 30_000 }, async (context) => {
    const config = fileURLToPath(exampleUrl(circuit, "circuit.config.js"));
    const running = startCircuit(context, ["run", config, "--json"]);
    await running.said(/"type":"out"/);
    running.kill("SIGINT");
    const { code, stdout, stderr } = await running.ended();
    assert.equal(code, 130, stderr);
    assert.match(stdout, /"type":"summary"/);
  });
}
