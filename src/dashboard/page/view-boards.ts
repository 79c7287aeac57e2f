import { html } from "lit";
import type { SeenBoard } from "../../circuit/seen/seen.js";
import { formatMs } from "../signals/lanes.js";
import { View } from "./view.js";

const STATES = { ready: "ready", away: "away, and looked for", missing: "not there" };

/** The boards: their ports, firmware, outboxes and links. */
class ViewBoards extends View {
  constructor() {
    super("state", "welcome");
  }

  protected override render() {
    const { boards } = this.model.state;
    if (boards.length === 0) return html`<p class="empty">This circuit has no board.</p>`;
    return html`<div class="cards">${boards.map((board) => this.#card(board))}</div>`;
  }

  #card(board: SeenBoard) {
    const { name, address, firmware, state, problem, baud } = board;
    const rows: readonly (readonly [string, string | number])[] = [
      ["Address", address],
      ["Firmware", firmware],
      ["Speed", baud === null ? "as fast as it comes" : `${baud.toLocaleString("en")} baud`],
      ["Writes sent", board.writes.toLocaleString("en")],
      [
        "Waiting",
        `${board.queued} (${board.queuedBytes} bytes, the oldest ${formatMs(board.oldestQueuedMs)})`,
      ],
      ["Not confirmed yet", board.unconfirmed],
      ["Superseded", board.superseded.toLocaleString("en")],
      ["Restored", `${board.restored} times`],
      ["Bytes that were no message", board.discardedBytes],
    ];
    return html`
      <section class="card" aria-labelledby="board-${name}">
        <h2 id="board-${name}">${name} <span class="badge" data-state=${state}>${STATES[state]}</span></h2>
        ${problem === undefined ? "" : html`<p class="problem">${problem}</p>`}
        <dl>${rows.map(([what, value]) => html`<div><dt>${what}</dt><dd>${value}</dd></div>`)}</dl>
        ${this.model.mayAct ? this.#swap(name) : ""}
      </section>
    `;
  }

  #swap(board: string) {
    const swap = async (event: SubmitEvent) => {
      event.preventDefault();
      const form = event.currentTarget as HTMLFormElement; // the form that the listener is on
      const address = String(new FormData(form).get("address") ?? "");
      const output = form.querySelector("output");
      const said = await this.model
        .act({ do: "swap", board, address })
        .catch(({ message }: Error) => message);
      if (output) output.textContent = said;
    };
    return html`
      <form @submit=${swap}>
        <label>Go on with <input name="address" placeholder="/dev/ttyACM0" required></label>
        <button>Swap</button>
        <output></output>
      </form>
    `;
  }
}

customElements.define("view-boards", ViewBoards);
