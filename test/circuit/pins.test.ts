import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { MockBoard } from "../../src/board/link/mock.js";
import type { CircuitEvent } from "../../src/circuit/progress.js";
import { runCircuit } from "../../src/circuit/run.js";
import type { CircuitDefinition } from "../../src/config/define.js";
import { CircuitError } from "../../src/core/error.js";
import { ManualClock } from "../../src/core/manual-clock.js";
import type { Pitch } from "../../src/emulator/pitch.js";
import { VirtualTime } from "../../src/emulator/virtual-time.js";
import { VirtualUno } from "../../src/emulator/virtual-uno.js";
import { MemoryMesh } from "../../src/mesh/memory/memory-mesh.js";
import type { Attachment } from "../../src/wiring/attachments.js";
import { turns } from "../contract/waiting.js";
import { temporaryFolder } from "../temporary-folder.js";
import { FIRMWARES } from "./firmwares.js";

/** A lamp on pin 13, and nothing else. */
const WIRING = {
  ...{ version: 1, author: "test", editor: "wokwi", dependencies: {} },
  parts: [
    { id: "uno", type: "wokwi-arduino-uno", left: 0, top: 0, attrs: {} },
    { id: "led1", type: "wokwi-led", left: 0, top: 0, attrs: {} },
  ],
  connections: [
    ["uno:13", "led1:A", "red", []],
    ["led1:C", "uno:GND.1", "black", []],
  ],
};

/** A circuit of pins alone, on mocks, in time that a test moves. */
async function start(context: TestContext, pins: CircuitDefinition["pins"], names = ["board"]) {
  const clock = new ManualClock();
  const mesh = new MemoryMesh();
  const links = Object.fromEntries(names.map((name) => [name, new MockBoard()]));
  const away = new Set<string>();
  const boards = Object.fromEntries(names.map((name) => [name, "mock"]));
  const heard: unknown[] = [];
  const errors: unknown[] = [];
  mesh.subscribe(">", ({ subject, data }) => heard.push([subject, data]));
  mesh.subscribe("circuit.errors.>", ({ data }) => errors.push(Object(data).cause.message));
  const stop = new AbortController();
  const notices: string[] = [];
  const onEvent = (event: CircuitEvent) => {
    if (event.type === "notice") notices.push(event.text);
  };
  const running = runCircuit(
    { boards, ...(pins && { pins }) },
    { mesh, links: onCable(links, away), clock, onEvent, signal: stop.signal },
  );
  running.catch(() => {});
  await turns();
  const end = async () => {
    stop.abort(new Error("enough"));
    await assert.rejects(running, /enough/);
  };
  context.after(end);
  const pass = async (ms: number) => {
    await turns();
    clock.advance(ms);
    await turns();
  };
  const [link = new MockBoard()] = Object.values(links);
  const unplug = async () => {
    away.add("board");
    link.unplug();
    await pass(0);
  };
  const plugIn = async () => {
    link.restart();
    away.clear();
    for (let look = 0; look < 4; look++) await pass(500);
  };
  return { mesh, link, links, heard, errors, notices, end, pass, unplug, plugIn };
}

/** Boards that are found where they are not away. */
function onCable(boards: Readonly<Record<string, MockBoard>>, away: ReadonlySet<string>) {
  const entries = Object.entries(boards).map(([name, board]) => {
    const find = async () => {
      if (away.has(name)) throw new CircuitError("PORT_MISSING", `Cannot open ${name}: it is not there`);
      return board;
    };
    return [name, find] as const;
  });
  return Object.fromEntries(entries);
}

test("a pin tells of its edges, when their level has lasted", async (context) => {
  const { link, heard, pass } = await start(context, { "2": { edges: "button.pressed" } });
  link.drive(2, 1);
  await pass(20);
  for (const level of [0, 1, 0, 1] as const) {
    link.drive(2, level);
    await pass(19);
  }
  await pass(100);
  assert.deepEqual(heard, [], "it bounced");
  link.drive(2, 0);
  await pass(20);
  link.drive(2, 1);
  await pass(20);
  assert.deepEqual(heard, [["button.pressed", { board: "board", pin: 2, level: 0 }]]);
});

test("a pin tells of both edges, at once and without its pull-up, where asked", async (context) => {
  const pins = { "4": { edges: "door", edge: "both", pullup: false, debounceMs: 0 } } as const;
  const { link, heard, pass } = await start(context, pins);
  link.drive(4, 1);
  await turns();
  link.drive(4, 0);
  await pass(0);
  const level = (value: number) => ["door", { board: "board", pin: 4, level: value }];
  assert.deepEqual(heard, [level(1), level(0)]);
  assert.equal(link.pin(4).mode, 0);
});

test("an analog pin tells when its threshold is crossed, and not when the reading wavers", async (context) => {
  const pins = { A0: { edges: "light", threshold: 500, hysteresis: 20, edge: "both" } } as const;
  const { link, heard } = await start(context, pins);
  for (const value of [400, 499, 500, 481, 505, 480, 479, 490, 499, 700]) link.measure(0, value);
  await turns();
  const seen = (level: number, value: number) => ["light", { board: "board", pin: "A0", level, value }];
  assert.deepEqual(heard, [seen(1, 500), seen(0, 479), seen(1, 700)]);
});

test("an analog pin that is at its threshold already tells so", async (context) => {
  const { link, heard } = await start(context, { A1: { edges: "light", threshold: 500 } });
  for (const value of [900, 300, 600]) link.measure(1, value);
  await turns();
  const seen = (value: number) => ["light", { board: "board", pin: "A1", level: 1, value }];
  assert.deepEqual(heard, [seen(900), seen(600)]);
});

test("an analog pin that is below its threshold at first tells of no falling", async (context) => {
  const { link, heard } = await start(context, { A1: { edges: "dark", threshold: 500, edge: "falling" } });
  for (const value of [100, 900, 300]) link.measure(1, value);
  await turns();
  assert.deepEqual(heard, [["dark", { board: "board", pin: "A1", level: 0, value: 300 }]]);
});

for (const change of [false, true]) {
  test(`a loss and a return are no edges, ${change ? "and what changed meanwhile is one" : "when nothing has changed"}`, async (context) => {
    const pins = {
      "2": { edges: "button", edge: "both" },
      A0: { edges: "light", threshold: 500, edge: "both" },
    } as const;
    const { link, heard, notices, pass, unplug, plugIn } = await start(context, pins);
    link.drive(2, 1);
    link.measure(0, 700);
    await pass(20);
    heard.length = 0;
    link.drive(2, 0);
    await pass(10);
    await unplug();
    await pass(1_000);
    assert.deepEqual(heard, [], "it is not known whether it lasted");
    link.drive(2, change ? 0 : 1);
    await plugIn();
    assert.match(notices.at(-1) ?? "", /its pins are as they were/);
    link.measure(0, change ? 300 : 650);
    await pass(20);
    const edges = [
      ["button", { board: "board", pin: 2, level: 0 }],
      ["light", { board: "board", pin: "A0", level: 0, value: 300 }],
    ];
    assert.deepEqual(heard, change ? edges : []);
  });
}

for (const debounceMs of [0, 20]) {
  test(`the level of an input at the start is no edge, the next is, after ${debounceMs} ms`, async (context) => {
    const pins = {
      "2": { edges: "button", edge: "both", debounceMs },
      "4": { edges: "door", edge: "both", pullup: false, debounceMs },
    } as const;
    const { link, heard, pass } = await start(context, pins);
    await pass(debounceMs);
    assert.deepEqual(heard, []);
    link.drive(2, 0);
    link.drive(4, 1);
    await pass(debounceMs);
    assert.equal(heard.length, 2);
  });
}

test("a button that is held at the start, or a line that others pull up, has no edge until it changes", async (context) => {
  const pins = {
    "2": { edges: "button", edge: "both" },
    "4": { edges: "door", edge: "both", pullup: false },
  } as const;
  const { link, heard, pass } = await start(context, pins);
  link.drive(2, 0);
  link.drive(4, 1);
  await pass(20);
  assert.deepEqual(heard, []);
  link.drive(2, 1);
  link.drive(4, 0);
  await pass(20);
  assert.equal(heard.length, 2);
});

test("a pin that may not publish says so, and the circuit goes on", async (context) => {
  const { link, heard, notices, mesh, pass } = await start(context, { "2": { edges: "button" } });
  link.drive(2, 1);
  await pass(20);
  mesh.publish = () => {
    throw new CircuitError("ACCESS_DENIED", "Cannot publish to button: desk may not");
  };
  link.drive(2, 0);
  await pass(20);
  assert.deepEqual(heard, []);
  assert.deepEqual(notices, [`${hostname()}: Cannot publish to button: desk may not`]);
});

test("a pin that the wiring lacks is named as the configuration does", async () => {
  const wiring = join(temporaryFolder(), "wiring.json");
  writeFileSync(wiring, JSON.stringify(WIRING));
  await assert.rejects(
    runCircuit({ boards: { desk: "mock" }, wiring, pins: { "8": { on: "a", do: "high" } } }),
    { code: "PIN_NOT_WIRED", message: /^Cannot set up pins\.8: cannot use pin 8: the wiring/ },
  );
});

test("pins react to events: high, low, toggle, follow, pulse, tone", async (context) => {
  const { mesh, link, errors, pass, end } = await start(context, {
    "3": { on: "go", do: "high", stop: 1 },
    "4": { on: "go", do: "toggle" },
    "5": { on: "level", do: "follow" },
    "6": { on: "go", do: "pulse", forMs: 50 },
    "7": { on: "halt", do: "low" },
    "8": { on: "alarm.>", do: "tone", toneHz: 880, forMs: 300 },
  });
  mesh.publish("go", "");
  await turns();
  assert.deepEqual(
    [3, 4, 6].map((pin) => link.pin(pin).value),
    [1, 1, 1],
  );
  await pass(49);
  assert.equal(link.pin(6).value, 1);
  await pass(1);
  assert.equal(link.pin(6).value, 0);
  mesh.publish("go", "");
  await turns();
  assert.equal(link.pin(4).value, 0);
  for (const [data, level] of [
    [1, 1],
    ["0", 0],
    [true, 1],
    [{ level: 0 }, 0],
  ] as const) {
    mesh.publish("level", data);
    await turns();
    assert.equal(link.pin(5).value, level);
  }
  mesh.publish("alarm.fire", "");
  await turns();
  assert.equal(link.pin(8).value, 880);
  assert.deepEqual(errors, []);
  mesh.publish("level", "up");
  await turns();
  assert.deepEqual(errors, ["Cannot follow level: its data says no level"]);
  await end();
  assert.deepEqual(
    [3, 4, 5, 6, 8].map((pin) => link.pin(pin).value),
    [1, 0, 0, 0, 0],
  );
});

test("one board's button switches another's lamp", async (context) => {
  const { links } = await start(
    context,
    {
      "desk:2": { edges: "switch", edge: "both", debounceMs: 0 },
      "door:2": { on: "switch", do: "follow", stop: "keep" },
    },
    ["desk", "door"],
  );
  links.desk?.drive(2, 1);
  links.desk?.drive(2, 0);
  await turns();
  links.desk?.drive(2, 1);
  await turns();
  assert.deepEqual(links.door?.edges, [{ pin: 2, level: 1 }]);
  assert.deepEqual(links.desk?.edges, []);
});

const ATTACHED: readonly Attachment[] = [
  { part: "btn1", type: "wokwi-pushbutton", attrs: {}, terminals: { "1.l": "2", "2.l": "GND" } },
  { part: "pot1", type: "wokwi-potentiometer", attrs: {}, terminals: { SIG: "A0", VCC: "5V", GND: "GND" } },
  { part: "bz1", type: "wokwi-buzzer", attrs: {}, terminals: { "1": "GND", "2": "8" } },
];

for (const { name, skip, hex } of FIRMWARES) {
  describe(`pins as events on ${name}`, { skip }, () => {
    test("a button pressed is an event, which sounds a piezo; so is a threshold crossed", async () => {
      using time = new VirtualTime();
      const firmware = await hex();
      time.install();
      const uno = new VirtualUno({ time, firmware, attachments: ATTACHED });
      const mesh = new MemoryMesh();
      const heard: unknown[] = [];
      const tones: Pitch[] = [];
      mesh.subscribe(">", ({ subject, data }) => heard.push([subject, data]));
      uno.onTone("bz1", (tone) => tones.push(tone));
      const stop = new AbortController();
      let isReady = () => {};
      const ready = new Promise<void>((resolve) => {
        isReady = resolve;
      });
      const running = runCircuit(
        {
          pins: {
            "2": { edges: "alarm.button" },
            A0: { edges: "light", threshold: 600 },
            "8": { on: "alarm.>", do: "tone", toneHz: 880, forMs: 250 },
          },
        },
        {
          ...{ mesh, links: { board: uno }, signal: stop.signal },
          onEvent: ({ type }) => type === "board" && isReady(),
        },
      );
      running.catch(() => {});
      await time.until(ready);
      await time.advance(200);
      uno.press("btn1");
      await time.advance(100);
      uno.release("btn1");
      await time.advance(300);
      uno.turn("pot1", 0.9);
      await time.advance(100);
      stop.abort(new Error("enough"));
      await assert.rejects(time.until(running), /enough/);
      assert.deepEqual(
        heard.map((each) => JSON.stringify(each).replace(/"value":\d+/, '"value":…')),
        [
          '["alarm.button",{"board":"board","pin":2,"level":0}]',
          '["light",{"board":"board","pin":"A0","level":1,"value":…}]',
        ],
      );
      assert.equal(tones.length, 1);
      const hz = tones[0]?.hz ?? 0;
      assert.ok(Math.abs(hz / 880 - 1) < 0.05, `${hz} Hz`);
    });
  });
}
