// A process with an announced node, for tests that end it. Arguments: the folder, the node's name.
import { systemClock } from "../../../src/core/clock.js";
import { Discovery } from "../../../src/mesh/discovery/discovery.js";
import { LocalSource } from "../../../src/mesh/discovery/local.js";
import { probeWs } from "../../../src/mesh/ws/probe.js";
import { WsMesh } from "../../../src/mesh/ws/ws-mesh.js";

const [directory = "", name = ""] = process.argv.slice(2);
const identify = probeWs;
const discovery = new Discovery({
  sources: [new LocalSource({ directory, clock: systemClock, identify })],
  identify,
  notice: (text) => console.log(text),
});
const mesh = new WsMesh({ discovery });
const { addresses } = await mesh.serve(name, () => String(process.pid), { port: 0 });
console.log(`listening ${addresses[0]}`);
process.once("SIGTERM", () => void mesh.close());
