import { parseAddress } from "../board/link/address.js";
import { makeMesh } from "../circuit/mesh.js";
import { type CircuitDefinition, DEFAULT_BOARDS } from "../config/define.js";
import { systemClock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import type { Mesh } from "../mesh/mesh.js";
import type { EmulateOptions, EmulateSketchOptions } from "./emulate.js";
import type { Hand } from "./hand.js";

/** What is real of a circuit: then it runs in real time. */
export interface RealParts {
  /** Addresses of boards, by name. */
  readonly boards: Addresses;
  readonly hand: Hand | undefined;
  /** What carries messages to nodes of other processes, where there are such. */
  readonly mesh: Mesh | undefined;
}

type Addresses = Readonly<Record<string, string>>;

/**
 * The circuit with what a test puts in the place of its boards and nodes; `real` is `undefined` where all is emulated or
 * recorded.
 *
 * @throws {CircuitError} `USAGE` for names that the circuit does not have, and what `makeMesh()` throws.
 */
export async function placeParts(
  definition: CircuitDefinition,
  options: EmulateOptions & Partial<EmulateSketchOptions>,
): Promise<{ readonly definition: CircuitDefinition; readonly real: RealParts | undefined }> {
  const { nodes = {}, grid: ownGrid = {}, boards: ownBoards = DEFAULT_BOARDS } = definition;
  const { board, mesh, hand } = options;
  const [only = ""] = Object.keys(ownBoards);
  const boards = given({ ...options.boards, ...(board !== undefined && { [only]: board }) });
  const grid = given(options.grid);
  checkNames("board", boards, ownBoards);
  checkNames("node", grid, { ...nodes, ...ownGrid });
  const placed = {
    ...definition,
    boards: { ...ownBoards, ...boards },
    ...{ nodes: Object.fromEntries(Object.entries(nodes).filter(([name]) => !Object.hasOwn(grid, name))) },
  };
  const live = Object.fromEntries(Object.entries(boards).filter(([, address]) => !isRecorded(address)));
  const isMeshed = mesh !== undefined || Object.keys(grid).length > 0;
  if (!isMeshed && Object.keys(live).length === 0) return { definition: placed, real: undefined };
  const carrier = isMeshed ? await openMesh(placed, grid, mesh) : undefined;
  return { definition: placed, real: { boards: live, hand, mesh: carrier } };
}

export function isRecorded(address: string): boolean {
  return parseAddress(address).scheme === "replay";
}

/** What is not `undefined`. */
function given(addresses: Readonly<Record<string, string | undefined>> = {}): Addresses {
  const all = Object.entries(addresses);
  return Object.fromEntries(
    all.flatMap(([name, address]) => (address === undefined ? [] : [[name, address]])),
  );
}

function checkNames(kind: string, names: Addresses, known: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(names)) {
    if (Object.hasOwn(known, name)) continue;
    const all = Object.keys(known).join(", ") || "none";
    throw new CircuitError("USAGE", `Cannot put a ${kind} in the place of ${name}: the circuit has ${all}`);
  }
}

/** What reaches the nodes that the test names, and none else: a circuit's own addresses may be of nodes at work. */
function openMesh(
  { mesh: _own, ...definition }: CircuitDefinition,
  grid: Addresses,
  mesh: string | undefined,
): Promise<Mesh> {
  const { signal } = new AbortController();
  const reached = { ...definition, grid, ...(mesh !== undefined && { mesh }) };
  return makeMesh(reached, {
    ...{ clock: systemClock, env: process.env, discovery: undefined, signal, pages: {} },
    // A test hears of a peer that is not there when it sends something.
    notice: () => {},
  });
}
