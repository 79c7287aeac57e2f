// One node of the seed's job, as a process of its own: the example's sketches, on mock boards.
//   node seed-job-end.js buzzer | iopin BUZZER | clock IOPIN WARM_UP_SECONDS SECONDS, and --no-confirm
import { type CircuitDefinition, type CircuitEvent, runCircuit } from "../../src/index.js";
import { Meter } from "./meter.js";

const args = process.argv.slice(2);
const confirm = !args.includes("--no-confirm");
const [role, address = "", warmUpSeconds = "2", seconds = "1"] = args;

const NODES: Readonly<Record<string, CircuitDefinition>> = {
  buzzer: { nodes: { buzzer: { sketch: "buzzer", listen: "127.0.0.1:0", confirm } } },
  iopin: {
    nodes: { iopin: { sketch: "iopin", listen: "127.0.0.1:0", confirm } },
    grid: { buzzer: address },
  },
  clock: {
    nodes: { clock: { sketch: "clock", options: { ticks: 0, delaySeconds: 0 } } },
    grid: { iopin: address },
  },
};

const circuit = NODES[role ?? ""];
if (!circuit) throw new Error(`Cannot measure ${role}: it is not buzzer, iopin or clock`);
const meter = new Meter({ warmUpMs: Number(warmUpSeconds) * 1_000, measuredMs: Number(seconds) * 1_000 });
await runCircuit(
  { ...circuit, boards: { board: "mock" } },
  {
    onEvent(event: CircuitEvent) {
      if (event.type === "listening") console.log(event.addresses[0]);
      if (event.type === "out" && event.text.startsWith("<")) meter.count();
    },
  },
);
