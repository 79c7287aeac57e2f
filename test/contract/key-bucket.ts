import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { FlowLeases } from "../../src/flow/cluster/lease-bucket.js";

/** What leases may rely on, of a NATS server and of what stands in for it. */
export function leasesContract(
  name: string,
  open: (context: TestContext) => Promise<FlowLeases>,
  options: { readonly skip?: boolean | string } = {},
): void {
  const limits = { ...options, timeout: 30_000 };

  for (const which of ["leases", "progress"] as const) {
    test(
      `${name}: ${which}: a key is created once, and changed by who knows its revision`,
      limits,
      async (context) => {
        const { [which]: bucket } = await open(context);
        assert.equal(await bucket.find("k"), undefined);
        const first = await bucket.create("k", "one");
        assert.ok(first !== undefined && first > 0);
        assert.equal(await bucket.create("k", "two"), undefined);
        assert.deepEqual(await bucket.find("k"), { value: "one", revision: first });
        const second = await bucket.update("k", "three", first);
        assert.ok(second !== undefined && second > first);
        assert.equal(await bucket.update("k", "four", first), undefined);
        assert.deepEqual(await bucket.find("k"), { value: "three", revision: second });
        assert.equal(await bucket.update("other", "five", second), undefined);
      },
    );

    test(
      `${name}: ${which}: a removed key can be created anew, with a higher revision`,
      limits,
      async (context) => {
        const { [which]: bucket } = await open(context);
        const first = (await bucket.create("k", "one")) ?? 0;
        await bucket.remove("k", first + 1_000);
        assert.equal((await bucket.find("k"))?.value, "one");
        await bucket.remove("k", first);
        assert.equal(await bucket.find("k"), undefined);
        const second = await bucket.create("k", "two");
        assert.ok(second !== undefined && second > first);
      },
    );
  }

  test(`${name}: a lease vanishes when it is not renewed in time`, limits, async (context) => {
    const { leases } = await open(context);
    const startMs = performance.now();
    const first = (await leases.create("k", "one")) ?? 0;
    assert.ok(await leases.create("other", "one"));
    await new Promise((resolve) => setTimeout(resolve, leases.ttlMs / 2));
    assert.ok(await leases.update("k", "one", first));
    while ((await leases.find("other")) !== undefined) await new Promise(setImmediate);
    assert.ok(performance.now() - startMs >= leases.ttlMs * 0.9, "not before its time");
    assert.equal((await leases.find("k"))?.value, "one", "what was renewed is there");
    while ((await leases.find("k")) !== undefined) await new Promise(setImmediate);
    const second = await leases.create("k", "two");
    assert.ok(second !== undefined && second > first);
  });
}
