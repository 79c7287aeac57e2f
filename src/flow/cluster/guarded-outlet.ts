import { CircuitError } from "../../core/error.js";
import type { GivenUp } from "../failure.js";
import type { Outlet } from "../outlet.js";
import type { RunOutlet } from "./sources.js";

/** Lets a source's items through as long as it may send any. */
export class GuardedOutlet implements RunOutlet {
  readonly #outlet: Pick<Outlet, "one">;
  readonly #isAllowed: () => boolean;
  readonly #refuse: (item: unknown) => void;

  constructor(outlet: Pick<Outlet, "one">, isAllowed: () => boolean, refuse: (item: unknown) => void) {
    this.#outlet = outlet;
    this.#isAllowed = isAllowed;
    this.#refuse = refuse;
  }

  one(item: unknown): Promise<void> | undefined {
    if (this.#isAllowed()) return this.#outlet.one(item);
    this.#refuse(item);
    return undefined;
  }
}

/** An item that a source has yielded after its lease was over. */
export function lateItem(part: string, item: unknown): GivenUp {
  return {
    ...{ part, item },
    cause: new CircuitError("NOT_RUN", `Cannot take an item of ${part}: its lease is over`),
  };
}
