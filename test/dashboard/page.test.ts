import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import type { BrowserContext, Page } from "playwright-core";
import { loadWiring } from "../../src/circuit/boards.js";
import { systemClock } from "../../src/core/clock.js";
import { Dashboard } from "../../src/dashboard/dashboard.js";
import { openBrowser, REBOUND, skipWithoutChromium } from "../browser.js";
import { DESK, ScriptedCircuit } from "./scripted-circuit.js";

const skip = skipWithoutChromium;

const PANES = ["circuit", "signals", "mesh", "events", "flows", "boards", "log"] as const;

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A circuit whose every view has something to show. */
function busy(circuit: ScriptedCircuit): void {
  const route = { failures: 1, p50Ms: 0.7, p99Ms: 3, isConnected: true };
  const node = { board: "desk", received: 50, acks: 49, failures: 1, running: 1, waiting: 0 };
  circuit.seen = {
    boards: [{ ...DESK, parts: [...DESK.parts, { type: "potentiometer", id: "pot1", ratio: 0.5 }] }],
    nodes: ["clock", "iopin", "buzzer"].map((name) => ({ ...node, name })),
    routes: [
      { ...route, from: "clock", to: "iopin", messages: 50, acks: 50 },
      { ...route, from: "iopin", to: "buzzer", messages: 150, acks: 149 },
    ],
    stages: [
      {
        flow: "stock",
        manager: "prices",
        state: "running",
        restarts: 0,
        part: "poll",
        taken: 0,
        given: 12,
        dropped: 0,
        p99Ms: 1.5,
      },
    ],
  };
  for (let n = 0; n < 20; n++) circuit.tell.edge(0, n * 10, 13, n % 2 === 0 ? 1 : 0);
  circuit.tell.news({
    kind: "message",
    atMs: 1,
    id: 1,
    from: "clock",
    node: "iopin",
    channel: "",
    text: "1",
  });
  circuit.tell.news({ kind: "ack", atMs: 2, id: 1, text: "acknowledged", isFailure: false });
  circuit.tell.news({ kind: "event", atMs: 3, subject: "bell.rung", text: '{"by":"button1"}' });
  circuit.tell.news({ kind: "line", atMs: 4, from: "clock", text: "> 1" });
}

describe("the page of a circuit, in Chromium", { skip, concurrency: 1 }, () => {
  let circuit: ScriptedCircuit;
  let dashboard: Dashboard;
  let browser: BrowserContext;
  let url = "";
  const endings: (() => unknown)[] = [];

  before(async () => {
    circuit = new ScriptedCircuit(await loadWiring("wiring/doorbell.json"));
    dashboard = new Dashboard({ circuit, clock: systemClock, version: "1.2.3", port: 0 });
    [url = ""] = await dashboard.open();
    browser = await openBrowser({ after: (ending) => void endings.push(ending as () => unknown) });
    busy(circuit);
  });
  after(async () => {
    for (const ending of endings) await ending();
    await dashboard.close();
  });

  async function open({ token = true } = {}): Promise<Page> {
    const page = await browser.newPage();
    page.on("pageerror", (error) => assert.fail(error));
    await page.goto(token ? url : (url.split("#")[0] ?? ""));
    await page.locator('.status[data-on="true"]').waitFor();
    return page;
  }

  const SHOWN: Readonly<Record<(typeof PANES)[number], RegExp>> = {
    circuit: /led1\s+lit[\s\S]*piezo1\s+sounds 440\.00 Hz[\s\S]*button1\s+released/,
    signals: /13 led1\s+low\s+20/,
    mesh: /iopin\s+buzzer\s+[\d.]+\s+150\s+149\s+1\s+700 µs\s+3 ms/,
    events: /message\s+clock → iopin\s+1\s+acknowledged[\s\S]*|event\s+bell\.rung/,
    flows: /stock\s+prices\s+poll\s+0\s+12\s+0\s+1\.5 ms\s+running/,
    boards: /desk ready[\s\S]*sim:uno[\s\S]*57,600 baud[\s\S]*1,234/,
    log: /clock > 1/,
  };

  test("each view shows what there is", async () => {
    const page = await open();
    for (const pane of PANES) {
      await page.click(`#tab-${pane}`);
      await page.locator(`view-${pane}`).waitFor();
      const endMs = performance.now() + 5_000;
      let text = "";
      while (!SHOWN[pane].test(text)) {
        assert.ok(performance.now() < endMs, `${pane} shows ${text}`);
        text = String(await page.evaluate(`document.querySelector("view-${pane}").innerText`));
      }
    }
    await page.close();
  });

  for (const [colorScheme, width] of [
    ["light", 1_200],
    ["dark", 390],
  ] as const) {
    test(`axe has nothing to say of any view, ${colorScheme}, ${width} pixels wide`, async () => {
      const page = await open();
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      // The page's own policy lets no script in but its own: a debugger's is none of the page's.
      const session = await page.context().newCDPSession(page);
      await session.send("Runtime.evaluate", { expression: AXE });
      for (const pane of PANES) {
        await page.click(`#tab-${pane}`);
        await page.locator(`view-${pane}`).waitFor();
        const { result } = await session.send("Runtime.evaluate", {
          expression:
            "axe.run().then(({ violations }) => JSON.stringify(violations.map(({ id, nodes }) => [id, nodes[0].html])))",
          awaitPromise: true,
          returnByValue: true,
        });
        assert.equal(result.value, "[]", pane);
        const isWide = await page.evaluate("document.documentElement.scrollWidth > innerWidth");
        assert.equal(isWide, false, `${pane} is no wider than the window`);
      }
      await page.close();
    });
  }

  test("tabs are walked by arrows, and a button is pressed by the space bar", async () => {
    const page = await open();
    await page.focus("#tab-circuit");
    await page.keyboard.press("ArrowRight");
    assert.equal(await page.evaluate("document.activeElement.id"), "tab-signals");
    await page.keyboard.press("Home");
    circuit.acts.length = 0;
    await page.getByRole("button", { name: "Press button1" }).focus();
    await page.keyboard.down("Space");
    await page.keyboard.up("Space");
    await untilActs(2);
    assert.deepEqual(circuit.acts, [
      { do: "press", board: "desk", part: "button1" },
      { do: "release", board: "desk", part: "button1" },
    ]);
    await page.close();
  });

  test("a button of the drawing is pressed with a pointer, and a knob turned", async () => {
    const page = await open();
    circuit.acts.length = 0;
    await page.locator("wokwi-pushbutton").hover();
    await page.mouse.down();
    await page.mouse.up();
    await untilActs(2);
    await page.getByRole("slider", { name: "Turn pot1" }).fill("0.25");
    await untilActs(3);
    assert.deepEqual(circuit.acts, [
      { do: "press", board: "desk", part: "button1" },
      { do: "release", board: "desk", part: "button1" },
      { do: "turn", board: "desk", part: "pot1", ratio: 0.25 },
    ]);
    await page.close();
  });

  async function untilActs(count: number): Promise<void> {
    const endMs = performance.now() + 5_000;
    while (circuit.acts.length < count) {
      assert.ok(performance.now() < endMs, `${circuit.acts.length} of ${count} deeds came`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  test("the sound has the pitch that the piezo has", async () => {
    const page = await open();
    // What goes to the loudspeaker is looked at on its way.
    await page.evaluate(`{
      const { connect } = AudioNode.prototype;
      AudioNode.prototype.connect = function (to, ...rest) {
        if (to instanceof AudioDestinationNode) {
          globalThis.analyser = new AnalyserNode(this.context, { fftSize: 32768 });
          connect.call(this, analyser);
        }
        return connect.call(this, to, ...rest);
      };
    }`);
    await page.getByRole("button", { name: "Sound is off" }).click();
    const measure = `(() => {
      if (globalThis.analyser === undefined || analyser.context.currentTime < 1) return 0;
      const samples = new Float32Array(analyser.fftSize);
      analyser.getFloatTimeDomainData(samples);
      const rises = [];
      for (let n = 1; n < samples.length; n++)
        if (samples[n - 1] < 0 && samples[n] >= 0) rises.push(n - samples[n] / (samples[n] - samples[n - 1]));
      return rises.length > 50 && ((rises.length - 1) * analyser.context.sampleRate) / (rises.at(-1) - rises[0]);
    })()`;
    let hz = 0;
    // The page's policy lets nobody evaluate anything again and again but a debugger.
    for (const endMs = performance.now() + 10_000; hz === 0 && performance.now() < endMs; )
      hz = Number(await page.evaluate(measure));
    const cents = 1_200 * Math.log2(hz / 440);
    assert.ok(Math.abs(cents) < 5, `${cents} cents off`);
    await page.close();
  });

  test("the token leaves the address, and without it hands are refused and the page says so", async () => {
    const page = await open();
    assert.doesNotMatch(page.url(), /token/);
    await page.close();
    const stranger = await open({ token: false });
    await stranger.getByText("connected, looking on").waitFor();
    assert.equal(await stranger.getByRole("button", { name: "Press button1" }).count(), 0);
    await stranger.close();
  });

  test("a page that lost its circuit says so, and finds it again", async () => {
    const first = new Dashboard({ circuit, clock: systemClock, version: "1.2.3", port: 0, token: "a token" });
    const [address = ""] = await first.open();
    const page = await browser.newPage();
    await page.goto(address);
    await page.locator('.status[data-on="true"]').waitFor();
    await first.close();
    await page.getByText("not connected").waitFor();
    const port = Number(new URL(address).port);
    const second = new Dashboard({ circuit, clock: systemClock, version: "1.2.3", port, token: "a token" });
    await second.open();
    await page.locator('.status[data-on="true"]').waitFor();
    await page.close();
    await second.close();
  });

  test("a page of another origin, and one under a rebound name, are refused", async () => {
    const { port } = new URL(url);
    const page = await browser.newPage();
    const rebound = await page.goto(`http://${REBOUND}:${port}/`);
    assert.equal(rebound?.status(), 403);
    await page.goto("data:text/html,<title>another</title>");
    const ended = await page.evaluate(`new Promise((resolve) => {
      const socket = new WebSocket("ws://127.0.0.1:${port}/live");
      socket.onopen = () => resolve("open");
      socket.onclose = ({ code }) => resolve(code);
    })`);
    assert.equal(ended, 1_006);
    await page.close();
  });
});
