import { html } from "lit";
import { formatMs } from "../signals/lanes.js";
import { View } from "./view.js";

/** The flows: what each part has taken, given and dropped. */
class ViewFlows extends View {
  constructor() {
    super("state");
  }

  protected override render() {
    const { stages } = this.model.state;
    if (stages.length === 0) return html`<p class="empty">This circuit has no flow.</p>`;
    return html`
      <div class="scroll" tabindex="0" role="region" aria-label="Flows">
        <table>
          <thead>
            <tr>${["Flow", "Pipeline", "Part", "In", "Out", "Dropped", "p99", "State", "Restarts"].map((title) => html`<th scope="col">${title}</th>`)}</tr>
          </thead>
          <tbody>
            ${stages.map(
              (stage) => html`
                <tr>
                  <td>${stage.flow}</td><td>${stage.manager}</td><th scope="row">${stage.part}</th>
                  <td class="number">${stage.taken.toLocaleString("en")}</td>
                  <td class="number">${stage.given.toLocaleString("en")}</td>
                  <td class="number">${stage.dropped.toLocaleString("en")}</td>
                  <td class="number">${stage.p99Ms === null ? "" : formatMs(stage.p99Ms)}</td>
                  <td>${stage.state}</td><td class="number">${stage.restarts}</td>
                </tr>
              `,
            )}
          </tbody>
        </table>
      </div>
    `;
  }
}

customElements.define("view-flows", ViewFlows);
