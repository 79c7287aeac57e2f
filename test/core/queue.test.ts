import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Queue } from "../../src/core/queue.js";

test("Queue gives back what an array would, whatever the order of calls", () => {
  const call = fc.oneof(fc.nat(), fc.constantFrom("shift", "drain", "clear"));
  fc.assert(
    fc.property(fc.array(call, { maxLength: 200 }), (calls) => {
      const queue = new Queue<number>();
      let model: number[] = [];
      for (const made of calls) {
        if (typeof made === "number") {
          queue.push(made);
          model.push(made);
        } else if (made === "shift") {
          assert.equal(queue.shift(), model.shift());
        } else {
          if (made === "drain") assert.deepEqual(queue.drain(), model);
          else queue.clear();
          model = [];
        }
        assert.equal(queue.length, model.length);
      }
      assert.deepEqual(queue.drain(), model);
    }),
  );
});
