// One node of the seed's job without a board, as the Python one has none, as a process of its own:
//   node seed-job-bare-end.js buzzer | iopin BUZZER | clock IOPIN WARM_UP_SECONDS SECONDS, and --outstanding N
import { type CircuitDefinition, type CircuitEvent, runCircuit, Sketch } from "../../src/index.js";
import { Meter } from "./meter.js";

const args = process.argv.slice(2);
const outstanding = args.includes("--outstanding") ? Number(args[args.indexOf("--outstanding") + 1]) : 1;
const [role, address = "", warmUpSeconds = "2", seconds = "1"] = args;
const meter = new Meter({ warmUpMs: Number(warmUpSeconds) * 1_000, measuredMs: Number(seconds) * 1_000 });

abstract class BoardlessSketch extends Sketch {
  override readonly usesBoard = false;
}

class Buzzer extends BoardlessSketch {
  override loop(_channel: string, message: unknown) {
    return message === "1" ? "buzz buzz buzz" : "...";
  }
}

class IoPin extends BoardlessSketch {
  pin = 0;

  override async loop() {
    const bits = [];
    for (let bit = 0; bit < 3; bit++) {
      this.pin = this.random() < 0.5 ? 0 : 1;
      bits.push(`${this.pin}`);
    }
    for await (const _ of this.stream("buzzer", bits, "buzzer"));
    return "acknowledged";
  }
}

class Clock extends BoardlessSketch {
  override async run() {
    let tick = 0;
    const send = async () => {
      for (;;) {
        const ack = await this.send("iopin", `${tick++}`, "datafeed");
        if (ack !== "acknowledged") throw new Error(`It answered ${String(ack)}`);
        meter.count();
      }
    };
    await Promise.all(Array.from({ length: outstanding }, send));
  }
}

const NODES: Readonly<Record<string, CircuitDefinition>> = {
  buzzer: { nodes: { buzzer: { sketch: Buzzer, listen: "127.0.0.1:0" } } },
  iopin: {
    nodes: { iopin: { sketch: IoPin, listen: "127.0.0.1:0", concurrency: outstanding } },
    grid: { buzzer: address },
  },
  clock: { nodes: { clock: { sketch: Clock } }, grid: { iopin: address } },
};

const circuit = NODES[role ?? ""];
if (!circuit) throw new Error(`Cannot measure ${role}: it is not buzzer, iopin or clock`);
await runCircuit(circuit, {
  onEvent(event: CircuitEvent) {
    if (event.type === "listening") console.log(event.addresses[0]);
  },
});
