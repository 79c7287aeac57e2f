import type { Clock } from "../../core/clock.js";
import { describeThrown } from "../../core/error.js";
import { ReportQuota } from "../../events/report-quota.js";
import { causeOf, dataOf } from "../../events/told-failure.js";
import type { FlowFailure } from "../../flow/reports.js";
import type { Mesh } from "../../mesh/mesh.js";
import { ERRORS, errorSubjectOf } from "../../mesh/own-subjects.js";
import { type Json, jsonOf, type Payload } from "../../mesh/payload.js";

/** Publishes the failures of one flow to `circuit.errors.⟨flow⟩`, 100 a second at most. */
export class FailurePublisher {
  readonly #mesh: Pick<Mesh, "publishOwn">;
  readonly #quota: ReportQuota;

  constructor(mesh: Pick<Mesh, "publishOwn">, clock: Clock) {
    this.#mesh = mesh;
    this.#quota = new ReportQuota(clock);
  }

  /** @throws What `Mesh.publishOwn()` throws. */
  publish(failure: FlowFailure): void {
    const { flow, manager, part, item, policy, at, cause } = failure;
    // It would come back.
    if (isOfErrors(item)) return;
    const unreported = this.#quota.take();
    if (unreported === undefined) return;
    const record: Json = {
      ...{ node: flow, flow, manager, ...(part !== undefined && { part }) },
      ...(item !== undefined && dataOf(payloadOf(item))),
      ...{ policy, at, ...(unreported > 0 && { unreported }), cause: causeOf(cause) },
    };
    this.#mesh.publishOwn(errorSubjectOf(flow), record);
  }
}

/** Whether it is an event that tells of a failure, or has one among others. */
function isOfErrors(item: unknown): boolean {
  if (Array.isArray(item)) return item.some(isOfErrors);
  if (typeof item !== "object" || item === null || !("subject" in item)) return false;
  return typeof item.subject === "string" && item.subject.startsWith(ERRORS);
}

/** An item as an event can tell it: where it is nothing that JSON can say, as its text. */
function payloadOf(item: unknown): Payload {
  if (typeof item === "string" || item instanceof Uint8Array) return item;
  try {
    // The cast: what JSON.parse() gives is Json, and what JSON cannot say it has left out.
    return JSON.parse(jsonOf(item)) as Payload;
  } catch {
    return describeThrown(item);
  }
}
