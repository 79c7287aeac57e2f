import { loadWiring } from "../circuit/boards.js";
import type { RunOptions } from "../circuit/run-options.js";
import { drawingOf } from "../circuit/seen/drawing-of.js";
import { type CircuitDefinition, DEFAULT_BOARDS } from "../config/define.js";
import { type OpenPage, type OpenPageOptions, openPage } from "./open-page.js";
import { OwnCircuit } from "./own-circuit.js";

export interface ShowOptions extends Pick<OpenPageOptions, "at" | "env" | "notice"> {
  readonly title: string;
}

/** A circuit's page, and what the circuit tells it. */
export interface Shown extends OpenPage, Required<Pick<RunOptions, "onEntry" | "onBegun">> {}

/**
 * Opens the page of a circuit that is about to run.
 *
 * @throws {CircuitError} What `openPage()` and reading the wiring throw.
 */
export async function showCircuit(
  { wiring, boards = DEFAULT_BOARDS, security }: CircuitDefinition,
  { title, ...options }: ShowOptions,
): Promise<Shown> {
  const drawing = wiring === undefined ? null : drawingOf(await loadWiring(wiring));
  const circuit = new OwnCircuit({ title, boards: Object.keys(boards), drawing });
  const allowsPlain = security?.anyone === true;
  const page = await openPage({ ...options, circuit, allowsPlain, tls: security?.tls });
  return { ...page, onEntry: circuit.entry, onBegun: (running) => circuit.begun(running) };
}
