// One node of the seed's job, as a process of its own: our mesh with stand-ins for the sketches.
//   node seed-job-end.js buzzer | iopin BUZZER | clock IOPIN SECONDS
import { WsMesh } from "../../src/mesh/ws/ws-mesh.js";

const LISTEN = { host: "127.0.0.1", port: 0 };
const [role, address = "", seconds = "1"] = process.argv.slice(2);

if (role === "buzzer") {
  const answer = ({ message }: { message: string }) => (message === "1" ? "buzz buzz buzz" : "...");
  const node = await new WsMesh().serve("buzzer", answer, LISTEN);
  console.log(node.addresses[0]);
} else if (role === "iopin") {
  const mesh = new WsMesh({ grid: { buzzer: address } });
  const pin = { level: "0" };
  const node = await mesh.serve(
    "iopin",
    async () => {
      const bits = Array.from({ length: 3 }, () => (Math.random() < 0.5 ? "0" : "1"));
      for await (const _ of mesh.stream("buzzer", write(bits, pin), { channel: "buzzer" }));
      return "acknowledged";
    },
    LISTEN,
  );
  console.log(node.addresses[0]);
} else {
  const mesh = new WsMesh({ grid: { iopin: address } });
  await mesh.send("iopin", "0", { channel: "datafeed" });
  const beginMs = performance.now();
  let ticks = 0;
  while (performance.now() - beginMs < Number(seconds) * 1_000) {
    await mesh.send("iopin", `${++ticks}`, { channel: "datafeed" });
  }
  console.log((ticks / (performance.now() - beginMs)) * 1_000);
  process.exit(0);
}

function* write(bits: readonly string[], pin: { level: string }): Generator<string> {
  for (const bit of bits) {
    pin.level = bit;
    yield bit;
  }
}
