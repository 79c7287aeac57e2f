import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { systemClock } from "../../src/core/clock.js";
import { DEFAULT_LIMITS } from "../../src/mesh/limits.js";
import { Connection } from "../../src/mesh/nats/connection.js";
import { LookingBack } from "../../src/mesh/nats/jetstream/looking-back.js";
import { temporaryFolder } from "../temporary-folder.js";
import { keepingBelow, skipWithoutNats, startNats } from "./nats-server.js";
import { NatsWire } from "./nats-wire.js";

const options = { skip: skipWithoutNats, timeout: 60_000 };

/** A stream with three messages of a subject, and a listener whose place in it a test chooses. */
async function open(context: TestContext, place: object) {
  const server = await startNats({ config: keepingBelow(temporaryFolder()) });
  const clock = systemClock;
  const connection = new Connection({
    servers: [server.url],
    credentials: undefined,
    clock,
    limits: DEFAULT_LIMITS,
  });
  const wire = await NatsWire.connect(server.port);
  context.after(async () => {
    wire.close();
    await connection.close();
    await server.kill();
  });
  const ask = async (what: string, request: object | string = "") => {
    const { text } = await wire.request(
      what,
      typeof request === "string" ? request : JSON.stringify(request),
    );
    return JSON.parse(text);
  };
  await ask("$JS.API.STREAM.CREATE.Q", { name: "Q", subjects: ["q.>"], storage: "memory" });
  for (const text of ["1", "2", "3"]) await ask("q.a", text);
  const config = { durable_name: "l", ack_policy: "explicit", filter_subject: "q.a", ...place };
  const made = await ask("$JS.API.CONSUMER.DURABLE.CREATE.Q.l", { stream_name: "Q", config });
  assert.equal(made.error, undefined);
  // The server answers who asks whether it has taken an acknowledgement.
  const acknowledge = async () => {
    await wire.request("$JS.API.CONSUMER.MSG.NEXT.Q.l", "");
    await wire.request("$JS.ACK.Q.l.1.3.1.1.0", "+ACK");
  };
  const isUp = new Promise<void>((up) => connection.listen({ up: () => up() }));
  connection.start();
  await isUp;
  const lookingBack = new LookingBack({
    ...{ connection, clock, random: () => 0.5, listener: "l", subject: "q.a" },
    stream: () => "Q",
  });
  context.after(() => lookingBack.stop());
  const isThere = async () => (await ask("$JS.API.CONSUMER.INFO.Q.l")).error === undefined;
  return { lookingBack, isThere, acknowledge };
}

test(
  "A listener of a work queue that has left items behind is made anew, if it stays so",
  options,
  async (context) => {
    const place = { deliver_policy: "by_start_sequence", opt_start_seq: 3 };
    const { lookingBack, isThere, acknowledge } = await open(context, place);
    await acknowledge();
    await lookingBack.look();
    assert.ok(await isThere(), "it may be so for a moment");
    await lookingBack.look();
    assert.equal(await isThere(), false);
    // Whoever takes from it makes it anew.
    await lookingBack.look();
  },
);

test(
  "A listener of a work queue that has not come to an item yet is left alone",
  options,
  async (context) => {
    const { lookingBack, isThere } = await open(context, { deliver_policy: "all" });
    for (let looks = 0; looks < 3; looks++) await lookingBack.look();
    assert.ok(await isThere());
  },
);
