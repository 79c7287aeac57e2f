import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Discovery } from "../../../src/mesh/discovery/discovery.js";
import type { Source } from "../../../src/mesh/discovery/source.js";
import { probeWs } from "../../../src/mesh/ws/probe.js";
import { machine, refusal, secretOf, secretsOf } from "./desk.js";

const LOOPBACK = { host: "127.0.0.1", port: 0 } as const;

/** What claims to be a buzzer on the local network, the oldest first. */
function claims(...addresses: readonly string[]): Source {
  return {
    name: "lan",
    start: async (sightings) => {
      for (const [index, address] of addresses.entries()) {
        const boot = crypto.randomUUID();
        sightings.announce({ boot, name: "buzzer", addresses: [address], engine: "ws", sinceMs: index });
      }
    },
    close: async () => {},
  };
}

async function iopin(context: TestContext, ...addresses: readonly string[]) {
  const discovery = new Discovery({ sources: [claims(...addresses)], identify: probeWs, announces: false });
  return machine(context, secretsOf("iopin", "buzzer"), { discovery, patienceMs: 3_000 });
}

async function buzzer(context: TestContext, secrets: object, answer: string): Promise<string> {
  const { mesh } = await machine(context, secrets);
  const { addresses } = await mesh.serve("buzzer", () => answer, LOOPBACK);
  return addresses[0] ?? "";
}

test("Whoever only claims a name is passed over for the one who proves it", {
  timeout: 10_000,
}, async (context) => {
  const impostor = await buzzer(
    context,
    { ...secretsOf("iopin"), buzzer: secretOf("buzzer", "-guessed") },
    "stolen",
  );
  const other = await buzzer(context, secretsOf("buzzer"), "other"); // does not know the iopin
  const real = await buzzer(context, secretsOf("iopin", "buzzer"), "buzz");
  const { mesh } = await iopin(context, impostor, other, real);
  assert.equal(await mesh.send("buzzer", "1", { from: "iopin" }), "buzz");
});

test("Where nobody proves a name, its sender learns it at once", { timeout: 2_900 }, async (context) => {
  const guessed = { ...secretsOf("iopin"), buzzer: secretOf("buzzer", "-guessed") };
  const { mesh } = await iopin(
    context,
    await buzzer(context, guessed, "1"),
    await buzzer(context, guessed, "2"),
  );
  assert.equal((await refusal(mesh.send("buzzer", "1", { from: "iopin" }))).code, "ACCESS_DENIED");
});

test("Who is heard of on the network has to prove its name, unless anyone is believed", async (context) => {
  const impostor = await machine(context, undefined);
  const { addresses } = await impostor.mesh.serve("buzzer", () => "stolen", LOOPBACK);
  const send = async (
    safety: { readonly anyone?: boolean; readonly directory?: string },
    name: Source["name"],
  ) => {
    const source = { ...claims(...addresses), name };
    const discovery = new Discovery({ sources: [source], identify: probeWs, announces: false });
    const { mesh } = await machine(context, undefined, { discovery, patienceMs: 3_000, safety });
    return refusal(mesh.send("buzzer", "1"));
  };
  const { code, text } = await send({}, "lan");
  assert.equal(code, "ACCESS_DENIED");
  assert.match(text, /who claims its name on the local network does not prove to be it Give both ends/);
  assert.equal((await send({ anyone: true }, "lan")).code, "no error but stolen");
  assert.equal((await send({}, "local")).code, "no error but stolen");
});

test("probeWs() says who does not let us in", async (context) => {
  const { safety } = await machine(context, secretsOf("buzzer"));
  const here = { trust: safety.trust };
  const known = await buzzer(context, secretsOf("buzzer", "iopin"), "buzz");
  assert.equal((await probeWs("buzzer", known, here)).kind, "node");
  const other = await buzzer(context, { buzzer: secretOf("buzzer", "-other") }, "buzz");
  assert.equal((await probeWs("buzzer", other, here)).kind, "denied");
  assert.equal((await probeWs("buzzer", known)).kind, "denied");
});
