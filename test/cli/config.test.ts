import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { temporaryFolder } from "../temporary-folder.js";
import { circuit, type Ended } from "./cli.js";

/** Runs a configuration file with this content in a folder of its own. */
async function run(context: TestContext, name: string, content: string, mode = 0o644): Promise<Ended> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, name), content);
  chmodSync(join(folder, name), mode);
  return circuit(context, ["run", name], { folder });
}

const BLINK_NODES = `{
  clock: { sketch: "clock", options: { ticks: 3, delaySeconds: 0, target: "blink" } },
  blink: { sketch: Blink },
}`;

const TYPESCRIPT = `
import { type Board, CircuitError, defineCircuit, five, Sketch, type SketchContext } from "circuit-five";

class Blink extends Sketch {
  #led: five.Led | undefined;

  override setup({ board }: SketchContext): void {
    this.#led = new five.Led({ pin: 13, board });
  }

  override loop(_channel: string, message: string): string {
    if (Number(message) % 2 === 1) this.#led?.on();
    else this.#led?.off();
    this.out(\`blinked for \${message}\`);
    return "blinked";
  }
}

export default defineCircuit({ boards: { desk: "mock" }, nodes: ${BLINK_NODES} });
`;

const JAVASCRIPT = `
import { five, Sketch } from "circuit-five";

class Blink extends Sketch {
  setup({ board }) { this.led = new five.Led({ pin: 13, board }); }
  async loop(channel, message) { this.led.toggle(); this.out("blinked for " + message); return "blinked"; }
}

export default { boards: { desk: "mock" }, nodes: ${BLINK_NODES} };
`;

const JSON_CONFIG = JSON.stringify({
  boards: { desk: "mock" },
  nodes: {
    clock: { sketch: "clock", options: { ticks: 3, delaySeconds: 0 } },
    iopin: { sketch: "iopin", options: { sequence: 2 } },
    buzzer: { sketch: "buzzer" },
  },
});

const EVENTS = `
import { defineCircuit, type ObservedEvent, type ObserverContext, On, on, Sketch } from "circuit-five";

class Base extends Sketch {
  override readonly usesBoard: boolean = false;

  @On("terminator_detected", { retries: 1 })
  protected react({ data }: ObservedEvent, { deliveryCount }: ObserverContext): void {
    this.out(\`base \${data} \${deliveryCount}\`);
  }

  @On("alarm.>")
  alarm({ subject, data }: ObservedEvent): void {
    this.out(\`\${subject} \${data}\`);
  }
}

class Monitor extends Base {
  #done = () => {};

  override react({ data }: ObservedEvent): void {
    this.out(\`hasta la vista \${data}\`);
    this.publish("alarm.sky", "net");
  }

  override async run(): Promise<void> {
    this.on("finished", () => this.#done());
    await new Promise<void>((resolve) => {
      this.#done = resolve;
      this.publish("terminator_detected", "T-800");
    });
  }
}

export default defineCircuit({
  nodes: { monitor: { sketch: Monitor } },
  observers: [on("alarm.sky", () => { throw new Error("run"); }), on("circuit.errors.>", ({ data }) => {
    console.log((data as { cause: { message: string } }).cause.message);
    process.emit("SIGINT");
  })],
});
`;

const FIVE_MISTAKES = JSON.stringify({
  boards: { desk: "" },
  nodes: {
    clock: { sketch: "clocc" },
    iopin: { sketch: "iopin", options: { chance: 2 }, listen: 99_999 },
  },
  wireing: "x.json",
});

describe("circuit run with a configuration", { concurrency: 2 }, () => {
  for (const [name, content] of [
    ["my.config.ts", TYPESCRIPT],
    ["my.config.js", JAVASCRIPT],
  ] as const) {
    test(`${name} with a sketch of its own`, async (context) => {
      const { code, stdout, stderr } = await run(context, name, content);
      assert.equal(code, 0, stderr);
      assert.deepEqual(stdout.match(/\[ (blink|clock) \] .*/g), [
        "[ clock ] > 0",
        "[ blink ] blinked for 0",
        "[ clock ] < blinked",
        "[ clock ] > 1",
        "[ blink ] blinked for 1",
        "[ clock ] < blinked",
        "[ clock ] > 2",
        "[ blink ] blinked for 2",
        "[ clock ] < blinked",
      ]);
      assert.match(stdout, /^3 ticks, 3 acks/m);
    });
  }

  test("in TypeScript with observers, and decorators as it knows them", async (context) => {
    const { code, stdout, stderr } = await run(context, "events.config.ts", EVENTS);
    assert.equal(code, 130, stderr);
    assert.deepEqual(stdout.match(/\[ monitor \] .*/g), [
      "[ monitor ] hasta la vista T-800",
      "[ monitor ] alarm.sky net",
    ]);
    assert.match(stdout, /^run$/m);
    assert.match(stderr, /on alarm\.sky \(alarm\.sky\): Error: run/);
  });

  test("in JSON, found in the current folder, with flags in its place", async (context) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "circuit.config.json"), JSON_CONFIG);
    const { code, stdout, stderr } = await circuit(context, ["run", "--ticks", "2"], { folder });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^2 ticks, 2 acks, 4 confirmed writes$/m);
  });

  test("that shares its classes with the program", async (context) => {
    const { code, stdout, stderr } = await run(
      context,
      "my.config.ts",
      `import { CircuitError, defineCircuit, Sketch } from "circuit-five";
class Alone extends Sketch {
  override readonly usesBoard = false;
  override async run() {
    const error = await this.send("nobody", "1").catch((thrown: unknown) => thrown);
    this.out(String(error instanceof CircuitError));
  }
}
export default defineCircuit({ timeoutSeconds: 0.05, nodes: { alone: { sketch: Alone } } });`,
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^\[ alone \] true$/m);
  });

  test("whose sketch throws in setup, and shows where", async (context) => {
    const { code, stderr } = await run(
      context,
      "my.config.ts",
      `import { defineCircuit, Sketch } from "circuit-five";
class Bad extends Sketch {
  override readonly usesBoard = false;
  override setup() { throw new Error("a mistake of mine"); }
}
export default defineCircuit({ nodes: { bad: { sketch: Bad } } });`,
    );
    assert.equal(code, 1);
    assert.match(stderr, /^circuit: Error: a mistake of mine\n\s+at Bad\.setup \(.*my\.config\.ts:4:/);
  });

  test("whose sketch throws in loop, and shows where", async (context) => {
    const { code, stderr } = await run(
      context,
      "my.config.ts",
      `import { defineCircuit, Sketch } from "circuit-five";
class Bad extends Sketch {
  override readonly usesBoard = false;
  override async loop() { throw new Error("a mistake of mine"); }
}
export default defineCircuit({ nodes: { bad: { sketch: Bad }, clock: { sketch: "clock", options: { target: "bad" } } } });`,
    );
    assert.equal(code, 1);
    assert.match(stderr, /^bad: Error: a mistake of mine\n\s+at Bad\.loop \(.*my\.config\.ts:4:/m);
    assert.match(stderr, /^circuit: Cannot get an ack from bad: its handler failed: a mistake of mine$/m);
  });
});

describe("circuit run refuses a configuration", { concurrency: 2 }, () => {
  test("with five mistakes, and names each", async (context) => {
    const { code, stderr, stdout } = await run(context, "five.json", FIVE_MISTAKES);
    assert.equal(code, 78);
    assert.equal(stdout, "");
    assert.deepEqual(stderr.trimEnd().split("\n").slice(0, -1), [
      "circuit: Cannot use five.json: 5 mistakes",
      "  boards.desk: must not be empty",
      '  nodes.clock.sketch: is "clocc", not one of: clock, iopin, buzzer',
      "  nodes.iopin.options.chance: must be a number from 0 to 1",
      "  nodes.iopin.listen: must be a port from 0 to 65535, or host:port",
      "  wireing: is not known here",
    ]);
  });

  const rows: readonly (readonly [string, string, string, RegExp])[] = [
    ["that is no JSON", "a.json", '{ "nodes": ', /load a\.json: .*JSON/],
    ["that is no object", "a.json", "[]", /nodes: is missing/],
    ["that is no TypeScript", "a.config.ts", "export default { nodes: {", /load a\.config\.ts: ParseError/],
    ["without a default export", "a.config.ts", "export const nodes = 1;", /use a\.config\.ts: /],
    ["that throws", "a.config.js", 'throw new Error("boom")', /load a\.config\.js: boom/],
    [
      "that imports what is not there",
      "a.config.ts",
      'import "./no.js"; export default {};',
      /load a\.config\.ts: Cannot find module/,
    ],
    ["without nodes", "a.json", '{ "nodes": {} }', /nodes: must have at least one node/],
    [
      "that names a board that it lacks",
      "a.json",
      '{ "nodes": { "c": { "sketch": "clock", "board": "x" } } }',
      /nodes\.c\.board: is "x", not one of: board/,
    ],
  ];
  for (const [what, name, content, message] of rows) {
    test(what, async (context) => {
      const { code, stderr } = await run(context, name, content);
      assert.match(stderr, /^circuit: Cannot /);
      assert.match(stderr, message);
      assert.match(stderr, /\n {2}Mend /);
      assert.equal(code, 78);
      assert.doesNotMatch(stderr, /^\s+at /m);
    });
  }

  test("that every user may write", async (context) => {
    const { code, stderr } = await run(context, "open.json", JSON_CONFIG, 0o666);
    assert.match(
      stderr,
      /load open\.json: every user of this machine may write it\n {2}Run `chmod o-w open\.json`/,
    );
    assert.equal(code, 78);
  });

  test("that is a folder", async (context) => {
    const { code, stderr } = await circuit(context, ["run", "/"]);
    assert.match(stderr, /load \/: it is no file$/m);
    assert.equal(code, 78);
  });
});

test("a variable that no sketch of the configuration takes is not for it, a flag is refused", async (context) => {
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, "quiet.json"),
    JSON.stringify({
      boards: { a: "mock", b: "mock" },
      nodes: {
        clock: { sketch: "clock", options: { ticks: 1 } },
        iopin: { sketch: "iopin", board: "a" },
        buzzer: { sketch: "buzzer", board: "b" },
      },
    }),
  );
  const env = { CIRCUIT_BOARD: "sim:uno", CIRCUIT_PIN: "12" };
  const { code } = await circuit(context, ["run", "quiet.json"], { folder, env });
  assert.equal(code, 0);
  const refused = await circuit(context, ["run", "quiet.json", "--board", "mock"], { folder });
  assert.equal(refused.code, 2);
});
