// One end of the measurement of flow-jetstream.ts, as a process of its own:
//   node flow-jetstream-end.js server
//   node flow-jetstream-end.js ours|client ADDRESS MS
import { AckPolicy, jetstream, jetstreamManager, RetentionPolicy } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { flowCluster } from "../../src/circuit/flows/flow-cluster.js";
import { Flow } from "../../src/flow/flow.js";
import { Manager } from "../../src/flow/manager.js";
import { pipeline } from "../../src/flow/pipeline.js";
import { NatsMesh } from "../../src/mesh/nats/nats-mesh.js";
import { keepingBelow, startNats } from "../mesh/nats-server.js";
import { temporaryFolder } from "../temporary-folder.js";
import { Meter } from "./meter.js";

/** Messages on their way to the server, and held of those that it hands out. */
const WINDOW = 256;

async function serve(): Promise<void> {
  const server = await startNats({ config: keepingBelow(temporaryFolder()) });
  process.once("SIGTERM", () => void server.kill().then(() => process.exit(0)));
  console.log(server.url);
}

const addOne = (n: number) => n + 1;
const double = (n: number) => n * 2;
const halve = (n: number) => n / 2;

function runOurs(url: string, meter: Meter): void {
  const flow = new Flow({
    name: "bench",
    ...flowCluster(new NatsMesh({ url })),
    log: (text) => console.error(text),
    managers: [
      new Manager({
        name: "m",
        pipeline: pipeline({
          sources: {
            *numbers() {
              for (let n = 0; ; n++) yield n;
            },
          },
          processors: { addOne, double, halve, sink: (_: number) => meter.count() },
        }).connect([
          { from: "numbers", to: "addOne", durable: true, limit: WINDOW },
          { from: "addOne", to: "double" },
          { from: "double", to: "halve" },
          { from: "halve", to: "sink" },
        ]),
      }),
    ],
  });
  flow.start();
}

async function runClient(url: string, meter: Meter): Promise<void> {
  const client = await connect({ servers: url, noAsyncTraces: true });
  const manager = await jetstreamManager(client);
  await manager.streams.add({ name: "BENCH", subjects: ["bench.>"], retention: RetentionPolicy.Workqueue });
  await manager.consumers.add("BENCH", {
    durable_name: "sink",
    ack_policy: AckPolicy.Explicit,
    max_ack_pending: 32_768,
  });
  const publisher = jetstream(client);
  const consumer = await publisher.consumers.get("BENCH", "sink");
  await consumer.consume({
    max_messages: WINDOW,
    callback: (message) => {
      halve(double(addOne(message.json<number>())));
      message.ack();
      meter.count();
    },
  });
  let onTheWay = 0;
  let setRoom = () => {};
  for (let n = 0; ; n++) {
    onTheWay++;
    void publisher.publish("bench.numbers", JSON.stringify(n), { msgID: `bench.${n}` }).then(() => {
      onTheWay--;
      if (onTheWay * 2 <= WINDOW) setRoom();
    });
    if (onTheWay >= WINDOW) await new Promise<void>((resolve) => (setRoom = resolve));
  }
}

const [role = "", url = "", ms = "1000"] = process.argv.slice(2);
const meter = new Meter({ warmUpMs: Number(ms) / 2, measuredMs: Number(ms) });
if (role === "server") await serve();
else if (role === "ours") runOurs(url, meter);
else await runClient(url, meter);
