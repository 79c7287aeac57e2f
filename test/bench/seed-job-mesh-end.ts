// One node of the seed's job on the mesh alone, as a process of its own; what a handler sends inherits its message:
//   node seed-job-mesh-end.js buzzer | iopin BUZZER | clock IOPIN WARM_UP_SECONDS SECONDS, and --outstanding N
import { WsMesh } from "../../src/mesh/ws/ws-mesh.js";
import { Meter } from "./meter.js";

const args = process.argv.slice(2);
const outstanding = args.includes("--outstanding") ? Number(args[args.indexOf("--outstanding") + 1]) : 1;
const [role = "", address = "", warmUpSeconds = "2", seconds = "1"] = args;
const listen = { host: "127.0.0.1", port: 0 };

async function runBuzzer(): Promise<void> {
  const sound = (message: unknown) => (message === "1" ? "buzz buzz buzz" : "...");
  const node = await new WsMesh().serve("buzzer", ({ message }) => sound(message), listen);
  console.log(node.addresses[0]);
}

async function runIoPin(): Promise<void> {
  const mesh = new WsMesh({ grid: { buzzer: address } });
  let pin = 0;
  const toggle = () => {
    pin = Math.random() < 0.5 ? 0 : 1;
    return `${pin}`;
  };
  const node = await mesh.serve(
    "iopin",
    async (cause) => {
      const bits = [toggle(), toggle(), toggle()];
      for await (const _ of mesh.stream("buzzer", bits, { channel: "buzzer", cause }));
      return "acknowledged";
    },
    { ...listen, concurrency: outstanding },
  );
  console.log(node.addresses[0]);
}

async function runClock(): Promise<void> {
  const mesh = new WsMesh({ grid: { iopin: address } });
  const meter = new Meter({ warmUpMs: Number(warmUpSeconds) * 1_000, measuredMs: Number(seconds) * 1_000 });
  let tick = 0;
  const send = async () => {
    for (;;) {
      const ack = await mesh.send("iopin", `${tick++}`, { channel: "datafeed" });
      if (ack !== "acknowledged") throw new Error(`It answered ${String(ack)}`);
      meter.count();
    }
  };
  await Promise.all(Array.from({ length: outstanding }, send));
}

if (role === "buzzer") await runBuzzer();
else if (role === "iopin") await runIoPin();
else await runClock();
