import * as v from "valibot";
import { Gate } from "../contract/waiting.js";

/** A schema that waits, and how many wait in it. */
export function waitingSchema() {
  const gate = new Gate();
  const state = { gate, waiting: 0 };
  const schema = v.pipeAsync(
    v.number(),
    v.checkAsync(async () => {
      state.waiting++;
      await gate.open;
      return true;
    }),
  );
  return { state, schema };
}
