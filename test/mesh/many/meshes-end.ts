// Some of the meshes of a machine, each with a node, a port and eyes of its own, as if each were a process.
import { dirname } from "node:path";
import { makeSafety } from "../../../src/circuit/safety.js";
import { systemClock } from "../../../src/core/clock.js";
import { Discovery } from "../../../src/mesh/discovery/discovery.js";
import { LocalSource } from "../../../src/mesh/discovery/local.js";
import { probeWs } from "../../../src/mesh/ws/probe.js";
import { WsMesh } from "../../../src/mesh/ws/ws-mesh.js";
import { answerQuestions } from "../child.js";

interface Member {
  readonly name: string;
  readonly mesh: WsMesh;
  readonly discovery: Discovery;
}

const members: Member[] = [];
let changes = 0;
let identified = 0;

async function open(directory: string, name: string): Promise<Member> {
  const identify: typeof probeWs = (...args) => {
    identified++;
    return probeWs(...args);
  };
  const source = new LocalSource({ directory, clock: systemClock, identify });
  const discovery = new Discovery({ sources: [source], identify });
  discovery.table.watch(() => changes++);
  // As a process of `circuit run` does: by the secret that processes of one user share.
  const env = { XDG_RUNTIME_DIR: dirname(directory) };
  const safety = await makeSafety({}, { env, clock: systemClock, notice: () => {} });
  const mesh = new WsMesh({ discovery, safety });
  await mesh.serve(name, ({ message }) => `${name} has ${message}`, { host: "127.0.0.1", port: 0 });
  return { name, mesh, discovery };
}

answerQuestions({
  async open(directory: string, names: readonly string[]) {
    for (const name of names) members.push(await open(directory, name));
  },

  /** Resolves with the changes of all tables, and the nodes that were asked who they are, when each knows so many. */
  async settled(count: number) {
    while (members.some(({ discovery }) => discovery.table.nodes.length !== count))
      await new Promise((resolve) => setTimeout(resolve, 10));
    return { changes, identified };
  },

  /** Each sends a message to the next of all. */
  async talk(names: readonly string[]) {
    const acks = members.map(async ({ name, mesh }) => {
      const next = names[(names.indexOf(name) + 1) % names.length] ?? "";
      const ack = await mesh.send(next, name, { from: name });
      if (ack !== `${next} has ${name}`) throw new Error(`${next} answered ${ack}`);
    });
    await Promise.all(acks);
    return acks.length;
  },

  /** Closes the first mesh. */
  async leave() {
    await members.shift()?.mesh.close();
  },
});
