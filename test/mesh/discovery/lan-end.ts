// One end of a test over mDNS, in a network namespace. Arguments: `tell NAME ADDRESS` or `hear [ASK_MS]`.
import { systemClock } from "../../../src/core/clock.js";
import { MdnsSource } from "../../../src/mesh/discovery/mdns.js";
import { NodeTable } from "../../../src/mesh/discovery/table.js";

const [mode = "", first = "", address = ""] = process.argv.slice(2);
const askMs = Number(first);
const source = new MdnsSource({ clock: systemClock, ...(mode === "hear" && askMs > 0 && { askMs }) });
const table = new NodeTable();
table.watch(({ type, node }) => console.log(`${type} ${node.name} ${node.addresses[0]} ${node.boot}`));
await source.start(table.sightings("lan"));
console.log("started");
if (mode === "tell") {
  const boot = crypto.randomUUID();
  await source.publish({ boot, name: first, addresses: [address], engine: "ws" });
  console.log(`told ${boot}`);
}
process.once("SIGTERM", () => void source.close());
