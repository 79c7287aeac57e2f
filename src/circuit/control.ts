import { readAct } from "../config/read-act.js";
import { CircuitError, type CircuitErrorCode, messageOf } from "../core/error.js";
import { ToldFailure } from "../mesh/framed/failure.js";
import type { Delivery } from "../mesh/mesh.js";
import type { Payload } from "../mesh/payload.js";
import type { Act, SeenCircuit } from "./seen/seen.js";

/** Begins what a bridge leaves in a message's chain of calls, where nodes and channels are: no node has an empty name. */
export const BRIDGE_MARK = "/bridge/";

/** What became of a move to another board. */
export interface Moved {
  readonly node: string;
  /** Name of the board in the circuit. */
  readonly board: string;
  readonly from: string;
  readonly to: string;
  readonly firmware: string;
  /** All nodes that drive it: they have moved, too. */
  readonly nodes: readonly string[];
  readonly tookMs: number;
}

export interface ControlOptions {
  readonly node: string;
  /** Whether who has not proved who he is is obeyed, too: over NATS, where the circuit allows it. */
  readonly obeysAnyone: boolean;
  /** Moves the node's board. */
  swap(address: string): Promise<Moved>;
  /** The circuit of this process as it is now, and where asked for its drawing. */
  see(isWhole: boolean): SeenCircuit;
  /** Does what a hand on the circuit's page does, and says what came of it. */
  act(act: Act): Promise<string>;
}

/** What a command is answered with: what was done, or why it was not. */
type Answer =
  | { readonly moved: Moved }
  | { readonly seen: SeenCircuit }
  | { readonly did: string }
  | { readonly error: ToldError };

interface ToldError {
  readonly code: CircuitErrorCode;
  readonly message: string;
  readonly hint?: string;
}

/**
 * Does what comes on the runtime's own channel; why it cannot is in the answer.
 *
 * @throws {ToldFailure} `DENIED` for who has not proved who it is.
 */
export async function obey(
  { message, chain, isProven }: Delivery,
  options: ControlOptions,
): Promise<Payload> {
  const { node, obeysAnyone } = options;
  const isVouched = isProven && !chain.some((caller) => caller.startsWith(BRIDGE_MARK));
  if (!isVouched && !obeysAnyone) {
    const reason = `${node} obeys those only who prove who they are, as circuit swap does on this machine or with credentials`;
    throw new ToldFailure({ code: "DENIED", reason });
  }
  try {
    return answer(await commanded(message, options));
  } catch (error) {
    return answer({ error: told(error) });
  }
}

async function commanded(message: Payload, { swap, see, act }: ControlOptions): Promise<Answer> {
  // The cast: of any payload a field may be asked for, and each is checked.
  const asked = Object(message) as Partial<Record<"see" | "act" | "swap", unknown>>;
  if (asked.see === "state" || asked.see === "whole") return { seen: see(asked.see === "whole") };
  const deed = readAct(asked.act);
  if (deed) return { did: await act(deed) };
  return { moved: await swap(addressIn(asked.swap)) };
}

/** The cast: an answer has texts and numbers only. */
function answer(value: Answer): Payload {
  return JSON.parse(JSON.stringify(value)) as Payload;
}

/**
 * What a command's answer says.
 *
 * @throws {CircuitError} Why it was not done; `PEER_REFUSED` for an answer that is none.
 */
export function readAnswer(node: string, payload: Payload): Moved {
  const { moved } = readDone(payload);
  if (isMoved(moved)) return moved;
  throw new CircuitError("PEER_REFUSED", `Cannot command ${node}: it does not know how to move`, {
    hint: "It is a node of another kind, or of an older circuit.",
  });
}

/**
 * What a node did when it was told to see or act.
 *
 * @throws {CircuitError} Why it did not.
 */
export function readDone(payload: Payload): Partial<Record<"moved" | "seen" | "did", unknown>> {
  // The cast: of any payload a field may be asked for, and each is checked.
  const { error, ...done } = Object(payload) as Partial<Record<"moved" | "seen" | "did" | "error", unknown>>;
  if (!isToldError(error)) return done;
  const { code, message, hint } = error;
  throw new CircuitError(code, message, hint === undefined ? {} : { hint });
}

function addressIn(swap: unknown): string {
  if (typeof swap === "string") return swap;
  throw new CircuitError("MESSAGE_INVALID", "Cannot do what it says on circuit.control: it is no command", {
    hint: 'Send { "swap": "sim:uno" }, or use `circuit swap`.',
  });
}

function told(error: unknown): ToldError {
  if (!(error instanceof CircuitError)) return { code: "COMMAND_FAILED", message: messageOf(error) };
  const { code, message, hint } = error;
  return { code, message, ...(hint !== undefined && { hint }) };
}

function isMoved(value: unknown): value is Moved {
  const { node, board, from, to, firmware, nodes, tookMs } = Object(value);
  const texts = [node, board, from, to, firmware, ...(Array.isArray(nodes) ? nodes : [undefined])];
  return texts.every((text) => typeof text === "string") && typeof tookMs === "number";
}

function isToldError(value: unknown): value is ToldError {
  const { code, message, hint } = Object(value);
  return [code, message, hint ?? ""].every((text) => typeof text === "string");
}
