import { html, nothing, svg } from "lit";
import type { Drawing, SeenBoard, SeenPart } from "../../circuit/seen/seen.js";
import { describe, makePicture, show } from "./drawn-part.js";
import { View } from "./view.js";

/** Screen pixels for each of the drawing's, at most: beyond it pictures are larger than the things. */
const MOST_SCALE = 1.6;

/** The wiring as it looks now, with hands on its buttons and knobs; and the same in words. */
class ViewCircuit extends View {
  #drawing: Drawing | null = null;
  #pictures = new Map<string, HTMLElement>();
  /** Parts that a hand here holds pressed, by board and id. */
  readonly #held = new Set<string>();
  #problem = "";
  readonly #letGo = () => this.#releaseAll();

  constructor() {
    super("state", "welcome");
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("pointerup", this.#letGo);
    addEventListener("blur", this.#letGo);
    addEventListener("resize", this.#fit);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("pointerup", this.#letGo);
    removeEventListener("blur", this.#letGo);
    removeEventListener("resize", this.#fit);
    this.#releaseAll();
  }

  protected override render() {
    const { drawing, state } = this.model;
    if (drawing !== this.#drawing) this.#make(drawing);
    for (const { parts } of state.boards)
      for (const part of parts) {
        const picture = this.#pictures.get(part.id);
        if (picture) show(picture, part);
      }
    return html`
      ${drawing === null ? html`<p class="empty">This circuit has no wiring to draw.</p>` : this.#draw(drawing)}
      <p class="problem" role="status">${this.#problem}</p>
      ${state.boards.map((board) => this.#list(board))}
    `;
  }

  protected override updated(): void {
    this.#fit();
  }

  /** The drawing is as wide as there is room for, up to twice its size. */
  #fit = (): void => {
    const place = this.querySelector<HTMLElement>(".drawing");
    const width = this.#drawing?.box.width;
    if (place && width)
      place.style.setProperty("--scale", String(Math.min(MOST_SCALE, this.clientWidth / width)));
  };

  #draw({ box, parts, wires }: Drawing) {
    const wiresAbove = svg`${wires.map(({ path, color }) => svg`<path d=${path} stroke=${color}></path>`)}`;
    return html`
      <div class="drawing" style="--width:${box.width};--height:${box.height}" aria-hidden="true">
        <div class="desk">
          ${parts.map(
            ({ id, left, top, rotate, width, height }) => html`
              <div
                class="part"
                style="left:${left - box.left}px;top:${top - box.top}px;transform:rotate(${rotate}deg);transform-origin:${width / 2}px ${height / 2}px"
              >${this.#pictures.get(id)}</div>
            `,
          )}
          <svg class="wires" viewBox="${box.left} ${box.top} ${box.width} ${box.height}" width=${box.width} height=${box.height}>${wiresAbove}</svg>
        </div>
      </div>
    `;
  }

  /** The parts in words, and hands for those who use no pointer. */
  #list({ name, parts, isEmulated }: SeenBoard) {
    if (parts.length === 0) return nothing;
    const canAct = isEmulated && this.model.mayAct;
    return html`
      <section aria-label="Parts on ${name}">
        <h2>${name}</h2>
        <ul class="parts">${parts.map((part) => html`<li><b>${part.id}</b> <span>${describe(part)}</span> ${canAct ? this.#hand(name, part) : nothing}</li>`)}</ul>
      </section>
    `;
  }

  #hand(board: string, part: SeenPart) {
    if (part.type === "button") {
      const isKey = ({ key }: KeyboardEvent) => key === " " || key === "Enter";
      return html`
        <button
          aria-pressed=${part.pressed}
          @pointerdown=${() => this.#press(board, part.id)}
          @keydown=${(event: KeyboardEvent) => isKey(event) && !event.repeat && this.#press(board, part.id)}
          @keyup=${(event: KeyboardEvent) => isKey(event) && this.#release(board, part.id)}
          @blur=${() => this.#release(board, part.id)}
        >Press ${part.id}</button>
      `;
    }
    if (part.type === "potentiometer") {
      return this.#slider(`Turn ${part.id}`, part.ratio, { min: 0, max: 1, step: 0.01 }, (ratio) =>
        this.#act({ do: "turn", board, part: part.id, ratio }),
      );
    }
    if (part.type === "thermistor") {
      return this.#slider(`Warm ${part.id}`, part.celsius, { min: -24, max: 80, step: 0.5 }, (celsius) =>
        this.#act({ do: "warm", board, part: part.id, celsius }),
      );
    }
    return nothing;
  }

  #slider(
    label: string,
    value: number,
    { min, max, step }: { readonly min: number; readonly max: number; readonly step: number },
    move: (value: number) => void,
  ) {
    const moved = ({ currentTarget }: Event) => move((currentTarget as HTMLInputElement).valueAsNumber); // the input that the listener is on
    return html`<input type="range" min=${min} max=${max} step=${step} .value=${String(value)} aria-label=${label} @input=${moved}>`;
  }

  /** Pictures are made once: what they are told changes them. */
  #make(drawing: Drawing | null): void {
    this.#drawing = drawing;
    this.#pictures = new Map(drawing?.parts.map((part) => [part.id, makePicture(part)] as const));
    for (const [id, picture] of this.#pictures) {
      // Hands without a pointer have the list below.
      requestAnimationFrame(() => {
        for (const each of picture.shadowRoot?.querySelectorAll<HTMLElement>("button, input, [tabindex]") ??
          [])
          each.tabIndex = -1;
      });
      picture.addEventListener("button-press", () => this.#withBoard(id, (board) => this.#press(board, id)));
      picture.addEventListener("button-release", () =>
        this.#withBoard(id, (board) => this.#release(board, id)),
      );
      picture.addEventListener("input", (event) => {
        // The potentiometer's own event, from 0 to 100; the page has no text field in a picture.
        if (event instanceof CustomEvent)
          this.#withBoard(id, (board) =>
            this.#act({ do: "turn", board, part: id, ratio: event.detail / 100 }),
          );
      });
    }
  }

  #withBoard(part: string, act: (board: string) => void): void {
    const board = this.model.state.boards.find(({ parts }) => parts.some(({ id }) => id === part));
    if (board !== undefined) act(board.name);
  }

  #press(board: string, part: string): void {
    this.#held.add(`${board}/${part}`);
    this.#act({ do: "press", board, part });
  }

  #release(board: string, part: string): void {
    if (this.#held.delete(`${board}/${part}`)) this.#act({ do: "release", board, part });
  }

  #releaseAll(): void {
    for (const held of [...this.#held]) {
      const [board = "", part = ""] = held.split("/");
      this.#release(board, part);
    }
  }

  #act(act: Parameters<ViewCircuit["model"]["act"]>[0]): void {
    this.model.act(act).then(
      () => this.#say(""),
      ({ message }: Error) => this.#say(message),
    );
  }

  #say(problem: string): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.requestUpdate();
  }
}

customElements.define("view-circuit", ViewCircuit);
