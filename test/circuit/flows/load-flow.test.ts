import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { FlowDefinition, FlowHost } from "../../../src/circuit/flows/flow-file.js";
import { idleHost } from "../../../src/circuit/flows/idle-host.js";
import { checkManagerNames, loadFlow, makeManagers } from "../../../src/circuit/flows/load-flow.js";
import { CircuitError } from "../../../src/core/error.js";
import { Manager } from "../../../src/flow/manager.js";
import { temporaryFolder } from "../../temporary-folder.js";

/** A file of this content. */
function fileOf(content: string, name = "desk.flow.ts"): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, content);
  return path;
}

const MANAGER = `new Manager({ name: "m", pipeline: { sources: {}, processors: {}, connections: [] } })`;
const IMPORT = `import { defineFlow, type FlowHost, Manager } from "circuit-five";\n`;

const GOOD: readonly (readonly [string, string, string])[] = [
  [
    "in TypeScript, with managers",
    "a.ts",
    `${IMPORT}export default defineFlow({ name: "desk", managers: [${MANAGER}] });`,
  ],
  [
    "in TypeScript, with what makes them",
    "a.flow.ts",
    `${IMPORT}export default defineFlow({ name: "desk", managers: (_host: FlowHost) => [${MANAGER}] });`,
  ],
  [
    "in JavaScript, without defineFlow()",
    "a.js",
    `import { Manager } from "circuit-five"; export default { name: "desk", managers: async () => [${MANAGER}] };`,
  ],
];

for (const [what, name, content] of GOOD) {
  test(`loadFlow() takes a flow ${what}`, async () => {
    const definition = await loadFlow(fileOf(content, name));
    assert.equal(definition.name, "desk");
    const [manager] = await makeManagers(definition, host());
    assert.ok(manager instanceof Manager);
  });
}

const REFUSED: readonly (readonly [string, string, RegExp])[] = [
  ["without a default export", "export const flow = 1;", /: it has no default export that is a flow$/],
  ["of a number", "export default 7;", /: its default export is number, no flow$/],
  ["without a name", "export default { managers: [] };", /the name of its flow is undefined, not 1 to 63/],
  ["with a bad name", 'export default { name: "a b", managers: [] };', /its flow is "a b", not 1 to 63/],
  ["without managers", 'export default { name: "a" };', /: its flow has no managers$/],
  ["with no manager", 'export default { name: "a", managers: [] };', /: its list of managers is empty$/],
  ["with what is none", 'export default { name: "a", managers: [{}] };', /manager 1 of its list is none$/],
  ["that throws", 'throw new Error("no disk");', /^Cannot load .*: no disk$/],
  ["that is no code", "export default {", /^Cannot load /],
];

for (const [what, content, message] of REFUSED) {
  test(`loadFlow() refuses a file ${what}`, async () => {
    const refused = loadFlow(fileOf(content));
    await assert.rejects(refused, { code: "CONFIG_INVALID", message });
    await assert.rejects(refused, { hint: /defineFlow/ });
  });
}

test("loadFlow() refuses a file that is not there, and one that others may write", async () => {
  await assert.rejects(loadFlow("nowhere.ts"), {
    message: "Cannot load nowhere.ts: there is no such file",
    hint: /path of a flow's file/,
  });
  const path = fileOf(`export default { name: "a", managers: () => [] };`);
  chmodSync(path, 0o646);
  await assert.rejects(loadFlow(path), { message: /every user/, hint: /a flow is code/ });
});

function host(signal = new AbortController().signal): FlowHost {
  return idleHost({ name: "desk", settings: {}, signal, log: () => {} });
}

describe("makeManagers()", () => {
  // The casts: what files may hold, whatever the types say.
  const making = (managers: () => unknown) => ({ name: "desk", managers }) as FlowDefinition;

  test("refuses what throws, and what makes none", async () => {
    const rows: readonly (readonly [() => unknown, RegExp])[] = [
      [
        () => {
          throw new Error("no key");
        },
        /^Cannot make the flow desk: its managers\(\) has failed: no key$/,
      ],
      [async () => Promise.reject(new Error("later")), /has failed: later$/],
      [() => undefined, /: its managers\(\) gave undefined$/],
      [() => [], /list of managers is empty$/],
      [() => [new Manager({ name: "a" }), "b"], /manager 2 of its list is none$/],
    ];
    for (const [make, message] of rows)
      await assert.rejects(makeManagers(making(make), host()), { code: "CONFIG_INVALID", message });
  });

  test("lets errors of circuit's own through, and the reason of a stop", async () => {
    const own = new CircuitError("BOARD_SILENT", "Cannot open it: silence");
    await assert.rejects(
      makeManagers(
        making(() => Promise.reject(own)),
        host(),
      ),
      own,
    );
    const reason = new Error("Ctrl-C");
    const stopped = host(AbortSignal.abort(reason));
    await assert.rejects(
      makeManagers(
        making(() => Promise.reject(new Error("torn"))),
        stopped,
      ),
      reason,
    );
  });
});

test("checkManagerNames() names those there are", () => {
  const managers = ["heat", "log"].map((name) => new Manager({ name }));
  checkManagerNames("desk", managers, undefined);
  checkManagerNames("desk", managers, ["log"]);
  assert.throws(() => checkManagerNames("desk", managers, ["lgo"]), {
    code: "USAGE",
    message: "Cannot run lgo of the flow desk: its managers are heat, log",
  });
});

test("an idle host gives pins that do nothing, and refuses to send", async () => {
  const { digitalInput, analogInput, pinOutput, piezoOutput, send, serve, publish, subscribe } = host();
  const inputs = [await digitalInput(2), await analogInput(0)];
  for (const input of inputs) input.read(() => assert.fail())();
  const outputs = [await pinOutput(7), await pinOutput(3, { pwm: true })];
  assert.deepEqual(
    outputs.map(({ mostValue }) => mostValue),
    [1, 255],
  );
  outputs[0]?.write(1);
  await outputs[0]?.confirm();
  const piezo = await piezoOutput(8);
  piezo.frequency(440, 100);
  await piezo.confirm();
  assert.equal(publish("a.b", 1), undefined);
  subscribe("a.>", () => assert.fail()).close();
  await assert.rejects(send("buzzer", "1"), { code: "NOT_RUN" });
  await assert.rejects(
    serve("intake", () => "ok"),
    { code: "NOT_RUN" },
  );
});
