import { html, LitElement } from "lit";
import { Model } from "./model.js";
import { Sound } from "./sound.js";
import "./view-boards.js";
import "./view-circuit.js";
import "./view-events.js";
import "./view-flows.js";
import "./view-log.js";
import "./view-mesh.js";
import "./view-signals.js";

/** The panes, by the fragment that opens them. */
const PANES = [
  { id: "circuit", title: "Circuit" },
  { id: "signals", title: "Signals" },
  { id: "mesh", title: "Mesh" },
  { id: "events", title: "Events" },
  { id: "flows", title: "Flows" },
  { id: "boards", title: "Boards" },
  { id: "log", title: "Log" },
] as const;

type PaneId = (typeof PANES)[number]["id"];

/** The token of the address, which is taken out of it: it is not to be seen in a screenshot, nor in a bookmark. */
function takeToken(): string | null {
  const shown = new URLSearchParams(location.hash.slice(1)).get("token");
  if (shown !== null) {
    sessionStorage.setItem("token", shown);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem("token");
}

class CircuitPage extends LitElement {
  readonly #model = new Model(takeToken());
  readonly #sound = new Sound(this.#model);
  #pane: PaneId = PANES.find(({ id }) => location.hash === `#${id}`)?.id ?? "circuit";

  override connectedCallback(): void {
    super.connectedCallback();
    for (const what of ["welcome", "state"]) this.#model.addEventListener(what, () => this.requestUpdate());
    this.#model.open();
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override render() {
    const { title, version, isConnected, mayAct } = this.#model;
    document.title = `${title} · circuit`;
    return html`
      <header>
        <h1>${title}</h1>
        <p class="status" role="status" data-on=${isConnected}>
          ${isConnected ? (mayAct ? "connected" : "connected, looking on") : "not connected"}
        </p>
        <button @click=${this.#toggleSound} aria-pressed=${this.#sound.isOn}>
          ${this.#sound.isOn ? "Sound is on" : "Sound is off"}
        </button>
        <small>circuit ${version}</small>
      </header>
      <main>
      <div role="tablist" aria-label="Views" @keydown=${this.#walk}>
        ${PANES.map(
          ({ id, title: name }) => html`
            <button
              role="tab"
              id="tab-${id}"
              aria-controls="pane"
              aria-selected=${this.#pane === id}
              tabindex=${this.#pane === id ? 0 : -1}
              @click=${() => this.#show(id)}
            >${name}</button>
          `,
        )}
      </div>
      <div role="tabpanel" id="pane" aria-labelledby="tab-${this.#pane}" tabindex="0">${this.#view()}</div>
      </main>
    `;
  }

  #view() {
    const model = this.#model;
    switch (this.#pane) {
      case "circuit":
        return html`<view-circuit .model=${model}></view-circuit>`;
      case "signals":
        return html`<view-signals .model=${model}></view-signals>`;
      case "mesh":
        return html`<view-mesh .model=${model}></view-mesh>`;
      case "events":
        return html`<view-events .model=${model}></view-events>`;
      case "flows":
        return html`<view-flows .model=${model}></view-flows>`;
      case "boards":
        return html`<view-boards .model=${model}></view-boards>`;
      case "log":
        return html`<view-log .model=${model}></view-log>`;
    }
  }

  #show(pane: PaneId): void {
    this.#pane = pane;
    history.replaceState(null, "", `#${pane}`);
    this.requestUpdate();
  }

  /** Arrows walk along the tabs, as ARIA's pattern of tabs has it. */
  #walk = ({ key }: KeyboardEvent): void => {
    const at = PANES.findIndex(({ id }) => id === this.#pane);
    const step = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
    const to =
      key === "Home" ? 0 : key === "End" ? PANES.length - 1 : (at + step + PANES.length) % PANES.length;
    const pane = PANES[to];
    if (pane === undefined || to === at) return;
    this.#show(pane.id);
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(`#tab-${pane.id}`)?.focus());
  };

  #toggleSound = (): void => {
    this.#sound.toggle();
    this.requestUpdate();
  };
}

customElements.define("circuit-page", CircuitPage);
