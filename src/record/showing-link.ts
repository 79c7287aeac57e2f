import type { ByteLink } from "../board/link/link.js";
import { EdgeTimes } from "./edge-times.js";

/** A link to a board that shows its pins; some tell edges by a clock of their own. */
export interface ShowingLink extends ByteLink {
  /** How far the board has come, in microseconds. */
  readonly nowUs?: number;
  onEdge(
    listener: (edge: { readonly pin: number; readonly level: 0 | 1; readonly atUs?: number }) => void,
  ): () => void;
}

export function isShowing(link: ByteLink): link is ShowingLink {
  return "onEdge" in link;
}

/** Tells each edge from now on, by a clock of the one who looks. @returns What ends it. */
export function followEdges(
  link: ShowingLink,
  now: () => number,
  told: (edge: { readonly pin: number; readonly level: 0 | 1; readonly atMs: number }) => void,
): () => void {
  const times = new EdgeTimes(now(), link.nowUs ?? 0);
  return link.onEdge(({ pin, level, atUs }) => {
    const nowMs = now();
    told({ pin, level, atMs: atUs === undefined ? nowMs : times.of(atUs, nowMs, link.nowUs ?? atUs) });
  });
}
