import type { CircuitEvent } from "../circuit/progress.js";

/** What a circuit told, as a line of the page's log. */
export function lineOf(event: CircuitEvent): { readonly from: string; readonly text: string } {
  switch (event.type) {
    case "out":
      return { from: event.node, text: event.text };
    case "board":
      return {
        from: event.board,
        text: `${event.address}: ${event.firmware}, ready in ${Math.round(event.readyMs)} ms`,
      };
    case "listening":
      return { from: event.node, text: `listens on ${event.addresses.join(" and ")}` };
    case "standstill":
      return { from: event.board, text: event.hint ? `${event.message}. ${event.hint}` : event.message };
    case "notice":
      return { from: "circuit", text: event.text };
    case "summary":
      return { from: "circuit", text: `${event.ticks} ticks, ${event.acks} acks` };
  }
}
