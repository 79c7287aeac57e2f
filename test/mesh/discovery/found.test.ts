import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { Discovery } from "../../../src/mesh/discovery/discovery.js";
import type { Sightings, Source } from "../../../src/mesh/discovery/source.js";
import type { PeerNotice } from "../../../src/mesh/mesh.js";
import { probeWs } from "../../../src/mesh/ws/probe.js";
import { WsMesh } from "../../../src/mesh/ws/ws-mesh.js";
import { advertOf } from "./adverts.js";

/** What nodes of one process tell each other as if by files: a source per mesh, joined. */
class Square {
  readonly #adverts = new Map<string, ReturnType<typeof advertOf>>();
  readonly #all = new Set<Sightings>();

  source(): Source {
    return {
      name: "local",
      start: async (sightings) => {
        this.#all.add(sightings);
        for (const advert of this.#adverts.values()) sightings.announce(advert);
      },
      publish: async (advert) => {
        this.put(advert);
        return async () => this.take(advert);
      },
      close: async () => {},
    };
  }

  put(advert: ReturnType<typeof advertOf>): void {
    this.#adverts.set(advert.boot, advert);
    for (const sightings of this.#all) sightings.announce(advert);
  }

  take({ boot }: { readonly boot: string }): void {
    this.#adverts.delete(boot);
    for (const sightings of this.#all) sightings.forget(boot);
  }
}

function meshOn(
  context: TestContext,
  square: Square,
  more: {
    readonly notices?: string[];
    readonly notice?: PeerNotice;
    readonly patienceMs?: number;
    readonly fallback?: Readonly<Record<string, string>>;
    readonly grid?: Readonly<Record<string, string>>;
  } = {},
): WsMesh {
  const { notices, ...options } = more;
  const discovery = new Discovery({
    sources: [square.source()],
    identify: probeWs,
    notice: (text) => notices?.push(text),
  });
  const mesh = new WsMesh({ ...options, discovery });
  context.after(() => mesh.close());
  return mesh;
}

const answer = (text: string) => () => text;

describe("WsMesh with a Discovery", { concurrency: 4, timeout: 20_000 }, () => {
  test("reaches a node that announced itself, whatever its port", async (context) => {
    const square = new Square();
    await meshOn(context, square).serve("buzzer", answer("buzz"), { port: 0 });
    assert.equal(await meshOn(context, square).send("buzzer", "1"), "buzz");
  });

  test("waits for a node that is announced later, and says so", async (context) => {
    const square = new Square();
    const missing: string[] = [];
    const there: string[] = [];
    const near = meshOn(context, square, {
      notice: ({ address, problem }) => {
        if (problem) missing.push(problem.message);
        else there.push(address);
      },
    });
    const ack = near.send("buzzer", "1");
    await until(() => missing.length > 0);
    assert.deepEqual(missing, ["Cannot reach buzzer: no node of that name is announced"]);
    const node = await meshOn(context, square).serve("buzzer", answer("buzz"), { port: 0 });
    assert.equal(await ack, "buzz");
    assert.deepEqual(there, [node.addresses[0]]);
  });

  test("gives up with PEER_MISSING when its patience ends", async (context) => {
    const near = meshOn(context, new Square(), { patienceMs: 20 });
    await assert.rejects(near.send("buzzer", "1"), {
      code: "PEER_MISSING",
      hint: /^Start buzzer, or give its address: --peer buzzer=/,
    });
  });

  test("goes on with a successor on another port", async (context) => {
    const square = new Square();
    const near = meshOn(context, square);
    const first = await meshOn(context, square).serve("buzzer", answer("first"), { port: 0 });
    assert.equal(await near.send("buzzer", "1"), "first");
    await first.close();
    const ack = near.send("buzzer", "2");
    await meshOn(context, square).serve("buzzer", answer("second"), { port: 0 });
    assert.equal(await ack, "second");
  });

  test("takes the grid before what is announced", async (context) => {
    const square = new Square();
    await meshOn(context, square).serve("buzzer", answer("announced"), { port: 0 });
    const hidden = new WsMesh();
    context.after(() => hidden.close());
    const { addresses } = await hidden.serve("buzzer", answer("named"), { port: 0 });
    const near = meshOn(context, square, { grid: { buzzer: addresses[0] ?? "" } });
    assert.equal(await near.send("buzzer", "1"), "named");
  });

  test("takes a node of its own process before what is announced", async (context) => {
    const square = new Square();
    await meshOn(context, square).serve("buzzer", answer("announced"), { port: 0 });
    const near = meshOn(context, square);
    await near.serve("buzzer", answer("own"));
    assert.equal(await near.send("buzzer", "1"), "own");
  });

  test("takes a node of its own process that comes while it looks for one", async (context) => {
    const near = meshOn(context, new Square());
    const ack = near.send("buzzer", "1");
    await near.serve("buzzer", answer("own"));
    assert.equal(await ack, "own");
  });

  test("takes what is announced before the fallback, and the fallback before nothing", async (context) => {
    const square = new Square();
    const hidden = new WsMesh();
    context.after(() => hidden.close());
    const { addresses } = await hidden.serve("gate", answer("fallback"), { port: 0 });
    const fallback = { buzzer: addresses[0] ?? "" };
    // A fallback is an address that a person knows: any node there is the one that is meant.
    assert.equal(await meshOn(context, square, { fallback }).send("buzzer", "1"), "fallback");
    await meshOn(context, square).serve("buzzer", answer("announced"), { port: 0 });
    assert.equal(await meshOn(context, square, { fallback }).send("buzzer", "1"), "announced");
  });

  test("does not send to another node on a port that was given up", async (context) => {
    const square = new Square();
    const other = new WsMesh();
    context.after(() => other.close());
    let received = 0;
    const { addresses } = await other.serve("motor", () => ++received, { port: 0 });
    const stale = advertOf(1, { addresses });
    square.put(stale);
    const missing: string[] = [];
    const near = meshOn(context, square, { notice: ({ problem }) => missing.push(problem?.message ?? "") });
    const ack = near.send("buzzer", "1");
    const node = await meshOn(context, square).serve("buzzer", answer("buzz"), { port: 0 });
    square.take(stale);
    assert.equal(await ack, "buzz");
    assert.equal(received, 0);
    await node.close();
  });

  test("tells both of two nodes that claim one name, once, and the older one is sent to", async (context) => {
    const square = new Square();
    const older: string[] = [];
    const younger: string[] = [];
    const first = await meshOn(context, square, { notices: older }).serve("buzzer", answer("older"), {
      port: 0,
    });
    const second = await meshOn(context, square, { notices: younger }).serve("buzzer", answer("younger"), {
      port: 0,
    });
    await until(() => older.length > 0 && younger.length > 0);
    const [one = "", two = ""] = [first.addresses[0], second.addresses[0]];
    const clash = (own: string, another: string) =>
      `Two nodes claim the name buzzer: this one at ${own} and another at ${another}; messages of others go to the older one`;
    assert.deepEqual([older, younger], [[clash(one, two)], [clash(two, one)]]);
  });

  test("says nothing of a namesake that does not answer", async (context) => {
    const square = new Square();
    const notices: string[] = [];
    square.put(advertOf(1, { addresses: ["ws://127.0.0.1:1"] }));
    const mesh = meshOn(context, square, { notices });
    await mesh.serve("buzzer", answer("buzz"), { port: 0 });
    assert.equal(await meshOn(context, square).send("buzzer", "1"), "buzz");
    assert.deepEqual(notices, []);
  });
});

/** Looks at every turn of the event loop; the suite's own limit ends it. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}
