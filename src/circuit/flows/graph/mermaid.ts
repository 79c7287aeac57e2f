import type { GraphEdge, GraphPart, PipelineGraph } from "./graph.js";

/** The pipelines of a flow as Mermaid's text: a subgraph for each. */
export function mermaidOf(pipelines: readonly PipelineGraph[]): string {
  const lines = ["flowchart LR"];
  for (const [index, { name, protocol, parts, edges }] of pipelines.entries()) {
    const idOf = (place: number) => `p${index}_${place}`;
    lines.push(`  subgraph p${index} [${quoted(`${name} (${protocol})`)}]`);
    for (const [place, part] of parts.entries()) lines.push(`    ${idOf(place)}${shapeOf(part)}`);
    for (const edge of edges) lines.push(`    ${idOf(edge.from)} ${arrowOf(edge)} ${idOf(edge.to)}`);
    lines.push("  end");
  }
  return lines.join("\n");
}

function shapeOf({ name, kind, note }: GraphPart): string {
  const text = quoted(note === "" ? name : `${name}\n${note}`);
  if (kind === "source") return `([${text}])`;
  return kind === "output" ? `>${text}]` : `[${text}]`;
}

function arrowOf({ label, drops, isDurable }: GraphEdge): string {
  const arrow = isDurable ? "==>" : drops ? "-.->" : "-->";
  return label === "" ? arrow : `${arrow}|${quoted(label)}|`;
}

/** A text in which nothing is Mermaid's or HTML's own. */
function quoted(text: string): string {
  const escaped = text.replace(/[^\p{L}\p{N} \n.,:()\u2026_-]/gu, (found) => `#${found.codePointAt(0)};`);
  return `"${escaped.replaceAll("\n", "<br>")}"`;
}
