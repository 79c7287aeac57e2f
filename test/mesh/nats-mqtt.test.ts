import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { Ear } from "../contract/events.js";
import { skipWithout } from "../tools.js";
import { DurableEar, DurableRig } from "./durable-rig.js";
import { skipWithoutNats } from "./nats-server.js";

/** MQTT 3.1.1, which is what nats-server 2.9 speaks: https://docs.nats.io/running-a-nats-service/configuration/mqtt */
const options = {
  skip:
    skipWithoutNats ||
    skipWithout(
      "mosquitto_pub",
      "sh",
      ["-c", "command -v mosquitto_pub"],
      "apt-get install mosquitto-clients",
    ),
  timeout: 60_000,
};

const CONFIG = 'server_name: circuit\nmqtt { host: "127.0.0.1", port: -1 }\n';

class Mqtt {
  readonly #port: number;
  readonly #context: TestContext;

  constructor(port: number, context: TestContext) {
    this.#port = port;
    this.#context = context;
  }

  async publish(topic: string, message: string, qos: number): Promise<void> {
    const [code] = await once(this.#run("mosquitto_pub", topic, qos, ["-m", message]), "exit");
    assert.equal(code, 0);
  }

  /** Listens, and resolves when the server knows it; what comes is `topic message`. */
  async subscribe(topic: string, qos: number, count: number): Promise<{ readonly heard: Promise<string[]> }> {
    const child = this.#run("mosquitto_sub", topic, qos, ["-d", "-v", "-C", String(count)]);
    const lines: string[] = [];
    const { stdout } = child;
    assert.ok(stdout);
    let subscribed = () => {};
    const known = new Promise<void>((resolve) => (subscribed = resolve));
    const heard = (async () => {
      for await (const line of createInterface({ input: stdout })) {
        if (line.startsWith("Subscribed")) subscribed();
        else if (!line.startsWith("Client ")) lines.push(line);
      }
      return lines;
    })();
    await known;
    return { heard };
  }

  #run(command: string, topic: string, qos: number, more: readonly string[]): ChildProcess {
    const args = [
      "-V",
      "311",
      "-h",
      "127.0.0.1",
      "-p",
      String(this.#port),
      "-t",
      topic,
      "-q",
      String(qos),
      ...more,
    ];
    // Into a pipe it would say nothing before its end.
    const child = spawn("stdbuf", ["-oL", command, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    this.#context.after(() => child.kill());
    return child;
  }
}

for (const qos of [0, 1]) {
  test(`Events come from MQTT clients with QoS ${qos}, also durable ones`, options, async (context) => {
    const rig = await DurableRig.open(context, CONFIG);
    const mesh = rig.mesh();
    const durable = await DurableEar.open(mesh, "sensor.>", { name: "log" });
    const plain = new Ear(mesh, "sensor.*");
    await mesh.join();
    const mqtt = new Mqtt(rig.server.mqttPort, context);
    await mqtt.publish("sensor/attic", "21.5 °C", qos);
    await Promise.all([durable.until(1), plain.until(1)]);
    for (const { subject, data, headers } of [...durable.events, ...plain.events])
      assert.deepEqual([subject, data, headers], ["sensor.attic", "21.5 °C", {}]);
  });

  test(`Events reach MQTT clients with QoS ${qos}, also durable ones`, options, async (context) => {
    const rig = await DurableRig.open(context, CONFIG);
    const mesh = rig.mesh();
    await DurableEar.open(mesh, "sensor.>", { name: "log" });
    const mqtt = new Mqtt(rig.server.mqttPort, context);
    const { heard } = await mqtt.subscribe("sensor/+", qos, 2);
    mesh.publish("sensor.attic", "21.5 °C");
    await mesh.join();
    await mesh.durable.publish("sensor.cellar", { on: true });
    assert.deepEqual(await heard, ["sensor/attic 21.5 °C", 'sensor/cellar {"on":true}']);
  });
}
