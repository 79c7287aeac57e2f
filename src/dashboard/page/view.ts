import { LitElement } from "lit";
import type { Model } from "./model.js";

/** One pane of the page: drawn anew when what it shows has changed. */
export abstract class View extends LitElement {
  /** Set by the page before it is shown. */
  declare model: Model;
  /** What of the model it shows. */
  readonly #shows: readonly string[];
  readonly #redraw = () => this.requestUpdate();

  constructor(...shows: readonly ("welcome" | "state" | "news")[]) {
    super();
    this.#shows = shows;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    for (const what of this.#shows) this.model.addEventListener(what, this.#redraw);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const what of this.#shows) this.model.removeEventListener(what, this.#redraw);
  }

  /** The page's own styles are for its panes too. */
  protected override createRenderRoot(): HTMLElement {
    return this;
  }
}
