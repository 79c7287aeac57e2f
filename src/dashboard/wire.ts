import type { Act, Drawing, SeenState } from "../circuit/seen/seen.js";

/**
 * What the page and the server of a dashboard say to each other on its WebSocket: texts of JSON both ways, and edges as
 * frames of their own (`edge-frame.ts`). Both ends are of one release, so it has no versions.
 */

/** Something that happened once. */
export type News =
  | {
      readonly kind: "message";
      readonly atMs: number;
      readonly id: number;
      readonly from: string;
      readonly node: string;
      readonly channel: string;
      readonly text: string;
    }
  | {
      readonly kind: "ack";
      readonly atMs: number;
      readonly id: number;
      readonly text: string;
      readonly isFailure: boolean;
    }
  | { readonly kind: "event"; readonly atMs: number; readonly subject: string; readonly text: string }
  | { readonly kind: "line"; readonly atMs: number; readonly from: string; readonly text: string };

export type FromServer =
  /** The first of a connection. `nowMs` is the circuit's time, which news and edges are told in. */
  | {
      readonly type: "welcome";
      readonly version: string;
      readonly title: string;
      readonly nowMs: number;
      readonly mayAct: boolean;
      /** In the order by which frames of edges number them. */
      readonly boards: readonly string[];
      readonly drawing: Drawing | null;
    }
  | { readonly type: "state"; readonly atMs: number; readonly state: SeenState }
  /** `left` were not told, because there were too many for a page to show. */
  | { readonly type: "news"; readonly news: readonly News[]; readonly left: number }
  | { readonly type: "answer"; readonly id: number; readonly text: string }
  | { readonly type: "refusal"; readonly id: number; readonly message: string; readonly hint: string | null };

export type FromPage =
  /** The first of a connection; who has no token looks on. */
  | { readonly type: "hello"; readonly token: string | null }
  /** Answered by `answer` or `refusal` with the same id. */
  | { readonly type: "act"; readonly id: number; readonly act: Act };
