import { html, svg } from "lit";
import type { SeenRoute } from "../../circuit/seen/seen.js";
import { formatMs } from "../signals/lanes.js";
import { View } from "./view.js";

/** Size of the picture, and of what is in it, in its own units: on a phone it is narrower, so that its words are large enough. */
const [WIDTH, HEIGHT] = matchMedia("(max-width: 600px)").matches ? [380, 340] : [640, 420];
const NODE_RADIUS = 44;

interface Place {
  readonly x: number;
  readonly y: number;
}

/** The mesh as a graph: who sends to whom, how much, and how long acknowledgements take. */
class ViewMesh extends View {
  constructor() {
    super("state");
  }

  protected override render() {
    const { nodes, routes } = this.model.state;
    const names = [
      ...new Set([...nodes.map(({ name }) => name), ...routes.flatMap(({ from, to }) => [from, to])]),
    ];
    if (names.length === 0) return html`<p class="empty">This circuit has no node.</p>`;
    const places = new Map(names.map((name, index) => [name, placeOf(index, names.length)]));
    return html`
      <svg class="mesh" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Nodes, and what they send each other">
        <defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">
          <path d="M0 0L10 5L0 10z"></path></marker></defs>
        ${routes.map((route) => this.#edge(route, places))}
        ${names.map((name) => this.#node(name, places.get(name)))}
      </svg>
      <div class="scroll" tabindex="0" role="region" aria-label="Messages between nodes">
        <table>
          <thead><tr>${["From", "To", "Messages a second", "Messages", "Acknowledged", "Failed", "p50", "p99"].map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
          <tbody>${routes.map((route) => this.#row(route))}</tbody>
        </table>
      </div>
    `;
  }

  #row({ from, to, messages, acks, failures, p50Ms, p99Ms }: SeenRoute) {
    return html`
      <tr><th scope="row">${from}</th><td>${to}</td><td class="number">${this.#rate(from, to)}</td>
      <td class="number">${messages.toLocaleString("en")}</td><td class="number">${acks.toLocaleString("en")}</td>
      <td class="number">${failures.toLocaleString("en")}</td>
      <td class="number">${p50Ms === null ? "" : formatMs(p50Ms)}</td><td class="number">${p99Ms === null ? "" : formatMs(p99Ms)}</td></tr>
    `;
  }

  #rate(from: string, to: string): string {
    const rate = this.model.rates.get(`${from} → ${to}`)?.messages ?? 0;
    return Number(rate.toPrecision(3)).toLocaleString("en");
  }

  #edge({ from, to, p50Ms, isConnected }: SeenRoute, places: ReadonlyMap<string, Place>) {
    const [start, end] = [places.get(from), places.get(to)];
    if (start === undefined || end === undefined || from === to) return "";
    const length = Math.hypot(end.x - start.x, end.y - start.y);
    const [dx, dy] = [(end.x - start.x) / length, (end.y - start.y) / length];
    // Bent to its right, so that the way back has its own.
    const bend = { x: (start.x + end.x) / 2 - dy * 24, y: (start.y + end.y) / 2 + dx * 24 };
    const tip = { x: end.x - dx * (NODE_RADIUS + 6) - dy * 8, y: end.y - dy * (NODE_RADIUS + 6) + dx * 8 };
    return svg`
      <path class="route" data-on=${isConnected} d="M${start.x} ${start.y}Q${bend.x} ${bend.y} ${tip.x} ${tip.y}" marker-end="url(#arrow)"></path>
      <text x=${bend.x - dy * 12} y=${bend.y + dx * 12}>${this.#rate(from, to)}/s${p50Ms === null ? "" : `, ${formatMs(p50Ms)}`}</text>
    `;
  }

  #node(name: string, place: Place | undefined) {
    if (place === undefined) return "";
    const node = this.model.state.nodes.find((each) => each.name === name);
    const busy =
      node === undefined ? "elsewhere" : node.waiting > 0 ? `${node.waiting} wait` : `${node.running} run`;
    return svg`
      <g class="node" data-here=${node !== undefined} transform="translate(${place.x} ${place.y})">
        <circle r=${NODE_RADIUS}></circle><text y="-2">${name.length > 12 ? `${name.slice(0, 11)}…` : name}</text>
        <text class="small" y="16">${busy}</text><title>${name}</title>
      </g>
    `;
  }
}

/** Nodes stand on an ellipse, the first at its top. */
function placeOf(index: number, count: number): Place {
  if (count === 1) return { x: WIDTH / 2, y: HEIGHT / 2 };
  const angle = (index / count) * 2 * Math.PI - Math.PI / 2;
  return {
    x: WIDTH / 2 + Math.cos(angle) * (WIDTH / 2 - NODE_RADIUS - 60),
    y: HEIGHT / 2 + Math.sin(angle) * (HEIGHT / 2 - NODE_RADIUS - 12),
  };
}

customElements.define("view-mesh", ViewMesh);
