import { html } from "lit";
import uPlot from "uplot";
import { clockOf } from "../signals/clock-of.js";
import type { PinEdges } from "../signals/edge-store.js";
import { describeAt, formatHz, formatMs, lanesOf } from "../signals/lanes.js";
import { View } from "./view.js";

/** The narrowest and the widest window, in milliseconds: a hundredth of a character at 57 600 baud, and a day. */
const NARROWEST_MS = 0.002;
const WIDEST_MS = 86_400_000;

/** Windows that a button gives. */
const SPANS_MS = [0.1, 1, 10, 100, 1_000, 10_000, 60_000, 3_600_000];

const LANE_PX = 44;
const AXIS_PX = 40;

/** A logic analyser: the levels of pins over time, from microseconds to hours. */
class ViewSignals extends View {
  #board = 0;
  #spanMs = 10_000;
  /** The right end of the window where it stands still; it follows the circuit where undefined. */
  #endMs: number | undefined;
  #plot: uPlot | undefined;
  #pins = "";
  #frame = 0;
  #aboutMs: number | undefined;

  constructor() {
    super("state", "welcome");
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const draw = () => {
      this.#draw();
      this.#frame = requestAnimationFrame(draw);
    };
    this.#frame = requestAnimationFrame(draw);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    cancelAnimationFrame(this.#frame);
    this.#plot?.destroy();
    this.#plot = undefined;
    this.#pins = "";
  }

  protected override render() {
    const { boards } = this.model;
    const pins = this.model.edges.pinsOf(this.#board);
    const isLive = this.#endMs === undefined;
    return html`
      <div class="bar" role="toolbar" aria-label="Window">
        ${boards.length > 1 ? html`<label>Board <select @change=${this.#choose}>${boards.map((name, index) => html`<option value=${index} ?selected=${index === this.#board}>${name}</option>`)}</select></label>` : ""}
        <button aria-pressed=${isLive} @click=${this.#toggleLive}>${isLive ? "Live" : "Standing still"}</button>
        <button @click=${() => this.#zoom(0.5)} aria-label="Zoom in">+</button>
        <button @click=${() => this.#zoom(2)} aria-label="Zoom out">−</button>
        <button @click=${() => this.#pan(-0.5)} aria-label="Earlier">‹</button>
        <button @click=${() => this.#pan(0.5)} aria-label="Later">›</button>
        <label>Show <select @change=${this.#choosesSpan} aria-label="Width of the window">
          ${[...new Set([...SPANS_MS, this.#spanMs])].sort((a, b) => a - b).map((span) => html`<option value=${span} ?selected=${span === this.#spanMs}>${formatMs(span)}</option>`)}
        </select></label>
      </div>
      <div class="plot" @wheel=${this.#wheel} @pointerdown=${this.#grab} @pointermove=${this.#drag} @pointerup=${this.#drop} @keydown=${this.#key} tabindex="0" role="img" aria-label="Levels of the pins over time; arrows move, plus and minus zoom. In words below."></div>
      ${pins.length === 0 ? html`<p class="empty">No pin has changed yet.</p>` : this.#table(pins)}
    `;
  }

  #table(pins: readonly PinEdges[]) {
    const nowMs = this.model.nowMs;
    const about = this.#aboutMs;
    return html`
      <div class="scroll" tabindex="0" role="region" aria-label="Pins"><table>
        <thead><tr>${["Pin", "Level", "Edges", "Edges in the last second", about === undefined ? "Last change" : `About ${clockOf(about)}`].map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
        <tbody>
          ${pins.map((edges) => {
            const recent = edges.count - edges.before(nowMs - 1_000);
            const last = edges.timeOf(edges.count - 1);
            return html`
              <tr><th scope="row">${this.#nameOf(edges)}</th><td>${edges.levelAfter(edges.count - 1) === 1 ? "high" : "low"}</td>
              <td class="number">${edges.count.toLocaleString("en")}</td>
              <td class="number">${recent.toLocaleString("en")}${recent > 3 ? ` (${formatHz(recent / 2)})` : ""}</td>
              <td>${about === undefined ? (last === undefined ? "" : clockOf(last)) : describeAt(edges, about)}</td></tr>
            `;
          })}
        </tbody>
      </table></div>
    `;
  }

  #nameOf({ pin }: PinEdges): string {
    const name = pin < 14 ? String(pin) : `A${pin - 14}`;
    const parts = this.model.drawing?.pins[pin];
    return parts === undefined ? name : `${name} ${parts}`;
  }

  #draw(): void {
    const place = this.querySelector<HTMLElement>(".plot");
    const pins = this.model.edges.pinsOf(this.#board);
    if (place === null || pins.length === 0) return;
    const plot = this.#plotFor(place, pins);
    const width = place.clientWidth;
    if (plot.width !== width) plot.setSize({ width, height: pins.length * LANE_PX + AXIS_PX });
    // The latest edges are told a frame's time late.
    const endMs = this.#endMs ?? this.model.nowMs;
    const lanes = lanesOf(pins, endMs - this.#spanMs, endMs, Math.max(1, width - LABELS_PX));
    plot.setData(lanes, false);
    plot.setScale("x", { min: (endMs - this.#spanMs) / 1_000, max: endMs / 1_000 });
  }

  #plotFor(place: HTMLElement, pins: readonly PinEdges[]): uPlot {
    const names = pins.map((edges) => this.#nameOf(edges));
    const key = `${this.#board}: ${names.join()}`;
    if (this.#plot !== undefined && this.#pins === key && place.contains(this.#plot.root)) return this.#plot;
    this.#plot?.destroy();
    this.#pins = key;
    const ink = getComputedStyle(place).color;
    const colors = COLORS.map((name) => inkOf(place, name));
    this.#plot = new uPlot(
      {
        width: place.clientWidth,
        height: pins.length * LANE_PX + AXIS_PX,
        cursor: { drag: { x: false, y: false }, y: false },
        legend: { show: false },
        scales: { x: { time: false }, y: { range: [-0.15, pins.length] } },
        axes: [
          {
            stroke: ink,
            grid: { show: false },
            values: (_, seconds) => seconds.map((each) => this.#label(each)),
          },
          {
            ...{ stroke: ink, size: LABELS_PX, grid: { show: false }, ticks: { show: false } },
            splits: () => names.map((_, row) => names.length - 1 - row + 0.35),
            values: () => names,
          },
        ],
        series: [
          {},
          ...names.map((label, index) => ({
            label,
            stroke: colors[index % colors.length] ?? ink,
            width: 1,
            points: { show: false },
          })),
        ],
        hooks: {
          setCursor: [
            ({ cursor, posToVal }: uPlot) => {
              this.#aboutMs =
                cursor.left === undefined || cursor.left < 0 ? undefined : posToVal(cursor.left, "x") * 1_000;
            },
          ],
        },
      },
      lanesOf(pins, 0, 1, 1),
      place,
    );
    return this.#plot;
  }

  /** Narrow windows count from their own left end: seconds since the beginning would fill the axis. */
  #label(seconds: number): string {
    if (this.#spanMs >= 1_000) return clockOf(seconds * 1_000).replace(/\.000$/, "");
    const startMs = (this.#endMs ?? this.model.nowMs) - this.#spanMs;
    return `+${formatMs(Math.max(0, seconds * 1_000 - startMs))}`;
  }

  #zoom(factor: number, aboutMs?: number): void {
    const endMs = this.#endMs ?? this.model.nowMs;
    const startMs = endMs - this.#spanMs;
    const about = aboutMs ?? (this.#endMs === undefined ? endMs : (startMs + endMs) / 2);
    const span = Math.min(WIDEST_MS, Math.max(NARROWEST_MS, this.#spanMs * factor));
    if (this.#endMs !== undefined || aboutMs !== undefined)
      this.#endMs = about + ((endMs - about) * span) / this.#spanMs;
    this.#spanMs = span;
    this.requestUpdate();
  }

  #pan(share: number): void {
    this.#endMs = Math.min(this.model.nowMs, (this.#endMs ?? this.model.nowMs) + share * this.#spanMs);
    this.requestUpdate();
  }

  #toggleLive = (): void => {
    this.#endMs = this.#endMs === undefined ? this.model.nowMs : undefined;
    this.requestUpdate();
  };

  #choose = ({ currentTarget }: Event): void => {
    this.#board = Number((currentTarget as HTMLSelectElement).value); // the select that the listener is on
    this.requestUpdate();
  };

  #choosesSpan = ({ currentTarget }: Event): void => {
    this.#spanMs = Number((currentTarget as HTMLSelectElement).value); // the select that the listener is on
    this.requestUpdate();
  };

  #wheel = (event: WheelEvent): void => {
    event.preventDefault();
    this.#zoom(event.deltaY > 0 ? 1.25 : 0.8, this.#aboutMs);
  };

  #grab = (event: PointerEvent): void => {
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId); // the plot that the listener is on
  };

  #drag = (event: PointerEvent): void => {
    if (event.buttons !== 1 || this.#plot === undefined) return;
    this.#pan(-event.movementX / Math.max(1, this.#plot.width - LABELS_PX));
  };

  #drop = (event: PointerEvent): void => {
    (event.currentTarget as HTMLElement).releasePointerCapture(event.pointerId); // the plot that the listener is on
  };

  #key = (event: KeyboardEvent): void => {
    const does: Readonly<Record<string, () => void>> = {
      "+": () => this.#zoom(0.5),
      "-": () => this.#zoom(2),
      ArrowLeft: () => this.#pan(-0.1),
      ArrowRight: () => this.#pan(0.1),
    };
    const act = does[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
}

/** Of lanes, in turn. */
const COLORS = ["--signal-1", "--signal-2", "--signal-3", "--signal-4"];

/** A colour of the page's styles as a canvas takes it. */
function inkOf(place: HTMLElement, name: string): string {
  const before = place.style.color;
  place.style.color = `var(${name})`;
  const ink = getComputedStyle(place).color;
  place.style.color = before;
  return ink;
}

/** Room for the names of pins, in pixels. */
const LABELS_PX = 96;

customElements.define("view-signals", ViewSignals);
