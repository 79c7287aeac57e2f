import { CircuitError, type CircuitErrorCode } from "../core/error.js";
import type { ToldStandstill } from "./progress.js";

/** What stands still because its board is not there. */
export interface Standstill {
  readonly board: string;
  readonly address: string;
  readonly error: CircuitError;
  readonly nodes: readonly string[];
  /** As the configuration has them. */
  readonly pins: readonly string[];
  readonly flows: readonly string[];
  /** Whether the board is looked for: all begins when it is there. */
  readonly isSought: boolean;
}

/** As events and the summary tell it. */
export function toldOf({ error, ...standstill }: Standstill): ToldStandstill {
  const { code, message, hint } = error;
  return { ...standstill, code, message, ...(hint !== undefined && { hint }) };
}

/** Why a board is not there, or is no use: mistakes of a configuration are none of these. */
const ABSENCES: ReadonlySet<CircuitErrorCode> = new Set<CircuitErrorCode>([
  ...(["PORT_MISSING", "PORT_DENIED", "PORT_BUSY", "PORT_AMBIGUOUS", "LINK_FAILED", "LINK_CLOSED"] as const),
  ...(["BOARD_SILENT", "BOARD_NOT_FIRMATA", "BOARD_WRONG_BAUD", "BOARD_LOST"] as const),
]);

/** Whether an error says that a board is not there. */
export function isAbsence(error: unknown): error is CircuitError {
  return error instanceof CircuitError && ABSENCES.has(error.code);
}

/** How others fail that wait for what stands still, however far away. */
const CONSEQUENCES: ReadonlySet<CircuitErrorCode> = new Set<CircuitErrorCode>([
  ...(["PEER_MISSING", "PEER_UNKNOWN", "PEER_LOST", "PEER_REFUSED", "DELIVERY_UNKNOWN", "NOT_RUN"] as const),
  ...(["TIMEOUT", "BOARD_LOST"] as const),
]);

/** Whether an error may come of it that something stands still. */
export function isConsequence(error: unknown): error is CircuitError {
  if (!(error instanceof CircuitError)) return false;
  return CONSEQUENCES.has(error.code) || (error.code === "FLOW_FAILED" && isConsequence(error.cause));
}

/** For a person: `nodes lamp and bell, pin door:2 stand still`. */
export function describeStanding({
  nodes,
  pins,
  flows,
}: Pick<Standstill, "nodes" | "pins" | "flows">): string {
  const things = [...named("node", nodes), ...named("pin", pins), ...named("flow", flows)];
  return `${things.join(", ")} stand${nodes.length + pins.length + flows.length === 1 ? "s" : ""} still`;
}

/** What a sender hears of a node that stands still. */
export function unreachable(node: string, { board, error }: Standstill): CircuitError {
  return new CircuitError(
    "PEER_MISSING",
    `Cannot reach ${node}: it stands still, because its board ${board} is not there: ${error.message}`,
    { ...(error.hint !== undefined && { hint: error.hint }), cause: error },
  );
}

/** How a circuit ends of which a part stood still. */
export function notWhole(standstill: Standstill): CircuitError {
  const { board, error } = standstill;
  return new CircuitError(
    error.code,
    `Cannot run all of the circuit: ${describeStanding(standstill)} without the board ${board}: ${error.message}`,
    { ...(error.hint !== undefined && { hint: error.hint }), cause: error },
  );
}

function named(noun: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  return [`${noun}${names.length === 1 ? "" : "s"} ${names.join(" and ")}`];
}
