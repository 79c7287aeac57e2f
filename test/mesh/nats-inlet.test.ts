import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ManualClock } from "../../src/core/manual-clock.js";
import { DEFAULT_LIMITS } from "../../src/mesh/limits.js";
import { Connection } from "../../src/mesh/nats/connection.js";
import { Inlet } from "../../src/mesh/nats/jetstream/inlet.js";
import { writeHeaders } from "../../src/mesh/nats/jetstream/written-headers.js";
import { turns } from "../contract/waiting.js";
import { DurableRig } from "./durable-rig.js";
import { skipWithoutNats } from "./nats-server.js";

const options = { skip: skipWithoutNats, timeout: 60_000 };

/** An inlet that remembers what it has stored, and a stream that may go back. */
async function open(context: TestContext) {
  const rig = await DurableRig.open(context);
  const wire = await rig.wire();
  const ask = async (what: string, request?: object) => {
    const { text } = await wire.request(`$JS.API.STREAM.${what}`, request ? JSON.stringify(request) : "");
    return JSON.parse(text);
  };
  const make = () => ask("CREATE.Q", { name: "Q", subjects: ["q.>"], storage: "memory" });
  await make();
  const clock = new ManualClock();
  const connection = new Connection({
    servers: [rig.server.url],
    credentials: undefined,
    clock,
    limits: DEFAULT_LIMITS,
  });
  const isUp = new Promise<void>((up) => connection.listen({ up: () => up() }));
  connection.start();
  await isUp;
  const unseated: number[] = [];
  const unseat = async () => void unseated.push(clock.now());
  const inlet = new Inlet({ connection, clock, recentOf: "Q", unseat, mend: async () => {} });
  context.after(async () => {
    inlet.close();
    await connection.close();
  });
  const put = (number: number) =>
    inlet.put({
      subject: "q.a",
      data: String(number),
      headers: writeHeaders([["Nats-Msg-Id", `run.${number}`]]),
      headersAgain: () =>
        writeHeaders([
          ["Nats-Msg-Id", `run.${number}`],
          ["Again", "yes"],
        ]),
      isAllowed: () => true,
    });
  const messages = async (): Promise<number> => (await ask("INFO.Q")).state.messages;
  /** Lets time pass until the stream has so many. */
  const has = async (count: number) => {
    while ((await messages()) < count) {
      clock.advance(1_000);
      await turns();
    }
  };
  return { wire, ask, make, clock, put, messages, has, unseated };
}

test("Inlet stores once more what a stream that has gone back may have lost", options, async (context) => {
  const { ask, make, put, has, wire } = await open(context);
  await Promise.all([1, 2, 3].map(put));
  await ask("DELETE.Q");
  await make();
  await has(3);
  const { message } = await ask("MSG.GET.Q", { seq: 1 });
  assert.equal(Buffer.from(message.data, "base64").toString(), "1");
  assert.match(Buffer.from(message.hdrs, "base64").toString(), /^Again: yes\r$/m);
  wire.close();
});

test("Inlet forgets what was stored a while ago, and stores nothing twice", options, async (context) => {
  const { ask, make, put, has, clock, messages, wire } = await open(context);
  const sid = wire.subscribe("q.>");
  await put(1);
  // It asks the server meanwhile, and looks anew when it has an answer.
  for (let second = 0; second < 60; second++) {
    clock.advance(1_000);
    await messages();
    await turns();
  }
  await put(2);
  await ask("DELETE.Q");
  await make();
  await has(1);
  assert.equal(await messages(), 1);
  const seen = [];
  while (seen.length < 3) seen.push((await wire.next((message) => message.sid === sid)).text);
  assert.deepEqual(seen, ["1", "2", "2"]);
});

test("Inlet lets another lead a stream that nobody listens for, after a while", options, async (context) => {
  const { ask, make, put, clock, unseated, wire } = await open(context);
  await ask("DELETE.Q");
  const stored = put(1);
  while (unseated.length < 2) {
    clock.advance(250);
    // Somebody answers that nobody is there meanwhile.
    await ask("NAMES");
  }
  const [first = 0, second = 0] = unseated;
  assert.ok(first > 8_000 && first <= 17_000, `${first} ms`);
  assert.ok(second - first > 8_000, `${second} ms`);
  await make();
  const ticking = setInterval(() => clock.advance(250), 5);
  await stored.finally(() => clearInterval(ticking));
  wire.close();
});
