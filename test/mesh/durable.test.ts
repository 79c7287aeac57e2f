import { systemClock } from "../../src/core/clock.js";
import { ManualClock } from "../../src/core/manual-clock.js";
import { KeptEvents } from "../circuit/kept-events.js";
import { durableContract } from "../contract/durable.js";
import { FakeDurable } from "../events/fake-durable.js";
import { DurableRig } from "./durable-rig.js";
import { skipWithoutNats } from "./nats-server.js";

durableContract(
  "JetStream",
  async (context) => {
    const mesh = (await DurableRig.open(context)).mesh();
    await mesh.join();
    return { durable: mesh.durable, clock: systemClock };
  },
  { skip: skipWithoutNats },
);

durableContract("FakeDurable", async () => {
  const clock = new ManualClock();
  clock.advance(5_000);
  return { durable: new FakeDurable(clock), clock };
});

durableContract("KeptEvents", async () => ({ durable: new KeptEvents(), clock: systemClock }));
