import { CircuitError } from "../core/error.js";
import { isThenable } from "../core/thenable.js";
import type { MeshEvent } from "../mesh/event.js";
import type { ObservedEvent } from "./event.js";
import type { ObserverDefinition } from "./on.js";
import { describeIssues, type SchemaResult } from "./standard-schema.js";

/**
 * Whether an event is for the observer: with what its schema made of the data; not at all; its data does not fit, which it
 * never will; or schema or filter failed to say, which they may not another time.
 */
export type Sifted =
  | Fit
  | { readonly is: "other" }
  | { readonly is: "misfit"; readonly problem: unknown }
  | { readonly is: "unsaid"; readonly problem: unknown };

export interface Fit {
  readonly is: "fit";
  readonly event: ObservedEvent<unknown>;
}

const OTHER: Sifted = { is: "other" };

/** Applies an observer's schema, and then its filter. Never throws or rejects. A Promise only where the schema gives one. */
export function sift(definition: ObserverDefinition, event: MeshEvent, at: number): Sifted | Promise<Sifted> {
  const { subject, data, headers } = event;
  const { schema } = definition.options;
  if (schema === undefined) return choose(definition, { subject, data, headers, at });
  const read = (result: SchemaResult<unknown>): Sifted => {
    if (result.issues) return { is: "misfit", problem: misfit(subject, describeIssues(result.issues)) };
    return choose(definition, { subject, data: result.value, headers, at });
  };
  const fail = (problem: unknown): Sifted => ({ is: "unsaid", problem });
  try {
    const result = schema["~standard"].validate(data);
    return isThenable(result) ? Promise.resolve(result).then(read).catch(fail) : read(result);
  } catch (cause) {
    return fail(cause);
  }
}

function choose({ options }: ObserverDefinition, event: ObservedEvent<unknown>): Sifted {
  try {
    const wanted: unknown = options.filter?.(event) ?? true;
    if (isThenable(wanted)) return { is: "unsaid", problem: undecided(event.subject) };
    return wanted ? { is: "fit", event } : OTHER;
  } catch (problem) {
    return { is: "unsaid", problem };
  }
}

function misfit(subject: string, problem: string): CircuitError {
  return new CircuitError("MESSAGE_INVALID", `Cannot take the data of ${subject}: ${problem}`, {
    hint: "Publish what the observer's schema describes.",
  });
}

function undecided(subject: string): CircuitError {
  return new CircuitError(
    "USAGE",
    `Cannot filter ${subject}: the filter gives a Promise, which says nothing yet`,
    {
      hint: "Decide at once, or in the handler.",
    },
  );
}
