import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../src/core/manual-clock.js";
import { Fence } from "../../../src/flow/cluster/fence.js";
import { MemoryLeases } from "../../../src/flow/cluster/memory-leases.js";
import { parseTerms, Terms } from "../../../src/flow/cluster/terms.js";
import { turns } from "../../contract/waiting.js";

const origin = (revision: number, tick: number) => ({
  ...{ flow: "desk", manager: "m", source: "a", revision, tick, sequence: undefined },
});

test("Fence refuses what an old lease sends after the first of a new one, and nothing else", () => {
  const fence = new Fence();
  assert.equal(fence.find(origin(5, 0), 1), undefined);
  assert.equal(fence.find(origin(9, 0), 4), undefined);
  assert.equal(fence.find(origin(5, 1), 2), undefined, "sent in time, and handled late");
  assert.equal(fence.find(origin(5, 2), 5)?.code, "NOT_RUN");
  assert.equal(fence.find({ ...origin(5, 3), source: "b" }, 6), undefined, "of another source");
  assert.equal(fence.find(origin(9, 0), 3), undefined);
  assert.equal(fence.find(origin(5, 4), 4)?.code, "NOT_RUN", "after one that came later");
  assert.equal(fence.find(origin(0, 0), 99), undefined, "of a source without a lease");
});

/** The fences of several processes. */
function processes() {
  const clock = new ManualClock();
  const { progress } = new MemoryLeases({ clock });
  let isAway = false;
  const unlessAway = <T>(ask: () => Promise<T>) => (isAway ? Promise.reject(new Error("away")) : ask());
  const bucket = {
    create: (key: string, value: string) => unlessAway(() => progress.create(key, value)),
    update: (key: string, value: string, revision: number) =>
      unlessAway(() => progress.update(key, value, revision)),
    find: (key: string) => unlessAway(() => progress.find(key)),
    remove: (key: string, revision: number) => unlessAway(() => progress.remove(key, revision)),
  };
  const open = () => {
    const fence = new Fence({ bucket, flow: "desk", clock });
    return {
      fence,
      take: async (revision: number, sequence: number) => {
        await fence.ready(origin(revision, 0));
        return fence.find(origin(revision, 0), sequence)?.code;
      },
    };
  };
  return { clock, open, setAway: (away: boolean) => (isAway = away) };
}

test("Fence refuses what another process knows to be late, and one that begins anew refuses it too", async () => {
  const { clock, open } = processes();
  const [one, other] = [open(), open()];
  assert.equal(await other.take(5, 1), undefined);
  assert.equal(await one.take(9, 4), undefined);
  await turns();
  clock.advance(500);
  assert.equal(await other.take(5, 3), undefined, "sent in time");
  assert.equal(await other.take(5, 5), "NOT_RUN");
  assert.equal(await open().take(5, 5), "NOT_RUN");
  assert.equal(await open().take(5, 2), undefined);
});

test("Fence asks what others know once in half a second, and writes when it learns of a term", async () => {
  const { clock, open } = processes();
  const { fence, take } = open();
  await take(5, 1);
  assert.equal(fence.ready(origin(5, 1)), undefined);
  clock.advance(499);
  assert.equal(fence.ready(origin(5, 1)), undefined);
  clock.advance(1);
  assert.ok(fence.ready(origin(5, 1)) instanceof Promise);
  assert.equal(fence.ready(origin(0, 1)), undefined, "of a source without a lease");
});

test("Fence lets items through by what it knows while the storage is away", async () => {
  const { clock, open, setAway } = processes();
  const { take } = open();
  await take(9, 4);
  await turns();
  setAway(true);
  clock.advance(1_000);
  assert.equal(await take(9, 5), undefined);
  assert.equal(await take(5, 6), "NOT_RUN");
  assert.equal(await open().take(5, 6), undefined);
});

test("Fence forgets what is written down when leases begin anew", async () => {
  const { open } = processes();
  await open().take(9, 4);
  await turns();
  const { fence, take } = open();
  await fence.begin("m", "a", 10);
  assert.equal(await open().take(8, 5), "NOT_RUN");
  await fence.begin("m", "a", 1);
  assert.equal(await take(1, 5), undefined);
});

test("Terms keeps the first item of each of the last 16", () => {
  const terms = new Terms();
  for (let revision = 1; revision <= 20; revision++) {
    assert.ok(terms.note({ revision, storedAtMs: revision * 10 }));
    assert.ok(!terms.note({ revision, storedAtMs: revision * 10 + 1 }));
  }
  assert.ok(terms.note({ revision: 20, storedAtMs: 195 }));
  assert.deepEqual(terms.all.at(0), { revision: 20, storedAtMs: 195 });
  assert.deepEqual(terms.all.at(-1), { revision: 5, storedAtMs: 50 });
  assert.ok(!terms.note({ revision: 4, storedAtMs: 40 }), "what is older is not remembered again");
  assert.deepEqual(parseTerms(terms.text), terms.all);
});

for (const text of ["", "7", "{}", "[7]", "[[1]]", '[["1",2]]', "[[1,-2]]", "[[1.5,2]]"])
  test(`parseTerms() finds nothing in ${JSON.stringify(text)}`, () => assert.deepEqual(parseTerms(text), []));
