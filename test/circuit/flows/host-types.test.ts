import assert from "node:assert/strict";
import { test } from "node:test";
import { defineFlow, type FlowHost } from "../../../src/circuit/flows/flow-file.js";
import { idleHost } from "../../../src/circuit/flows/idle-host.js";
import { makeManagers } from "../../../src/circuit/flows/load-flow.js";
import type { PinSample } from "../../../src/core/pin-readings.js";
import { Manager } from "../../../src/flow/manager.js";
import { toEvents } from "../../../src/flow/outputs/to-events.js";
import { toNode } from "../../../src/flow/outputs/to-node.js";
import { toPiezo, toPin } from "../../../src/flow/outputs/to-pin.js";
import { pipeline } from "../../../src/flow/pipeline.js";
import { events } from "../../../src/flow/sources/events.js";
import { nodeChannel } from "../../../src/flow/sources/node-channel.js";
import { edges, samples } from "../../../src/flow/sources/pin.js";

/** Every source and output of the host; that it compiles is half of the test. */
const definition = defineFlow({
  name: "all",
  async managers(host: FlowHost) {
    const inputs = pipeline({
      sources: {
        asks: events(host, "ask.>"),
        messages: nodeChannel(host, "intake"),
        button: edges(await host.digitalInput(2)),
        knob: samples(await host.analogInput(0)),
      },
      processors: {
        text: ({ data }: { readonly data: unknown }) => String(data),
        words: ({ message }: { readonly message: unknown }) => String(message),
        level: ({ level }: { readonly level: 0 | 1 }) => level,
        event: toEvents(host, "told"),
        node: toNode(host, "buzzer"),
        lamp: toPin(await host.pinOutput(13)),
        dimmer: toPin<PinSample>(await host.pinOutput(3, { pwm: true }), {
          value: ({ value }) => value >> 2,
        }),
        piezo: toPiezo(await host.piezoOutput(8)),
      },
    }).connect([
      { from: "asks", to: "text" },
      { from: "text", to: "event" },
      { from: "messages", to: "words" },
      { from: "words", to: "node" },
      { from: "button", to: "level" },
      { from: "level", to: "lamp" },
      { from: "level", to: "piezo" },
      { from: "knob", to: "dimmer" },
    ]);
    return [new Manager({ name: "m", pipeline: inputs })];
  },
});

test("a flow's host is what sources and outputs take", async () => {
  const signal = new AbortController().signal;
  const host = idleHost({ name: "all", settings: {}, log: () => {}, signal });
  const [manager] = await makeManagers(definition, host);
  assert.equal(manager?.plan().processors.length, 8);
});
