import { html } from "lit";
import { clockOf } from "../signals/clock-of.js";
import { View } from "./view.js";

/** What the circuit and its sketches said, the latest first. */
class ViewLog extends View {
  constructor() {
    super("news", "welcome");
  }

  protected override render() {
    const lines = this.model.news.filter((each) => each.kind === "line").reverse();
    if (lines.length === 0) return html`<p class="empty">Nothing has been said yet.</p>`;
    return html`
      <ol class="log" aria-label="Log, the latest first">
        ${lines.map(({ atMs, from, text }) => html`<li><time>${clockOf(atMs)}</time> <b>${from}</b> <span>${text}</span></li>`)}
      </ol>
    `;
  }
}

customElements.define("view-log", ViewLog);
