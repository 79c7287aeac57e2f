import { html } from "lit";
import { clockOf } from "../signals/clock-of.js";
import type { News } from "../wire.js";
import { View } from "./view.js";

/** Rows that are shown at a time: more are not read, and slow the page down. */
const MOST_ROWS = 300;

/** One row: a message with its acknowledgement, or an event. */
interface Row {
  readonly atMs: number;
  readonly kind: string;
  readonly where: string;
  readonly text: string;
  readonly answer: string;
  readonly isFailure: boolean;
}

/** Messages and events as they pass, filtered by what they have in them. */
class ViewEvents extends View {
  #filter = "";
  #isPaused = false;
  #rows: readonly Row[] = [];

  constructor() {
    super("news", "welcome");
  }

  protected override render() {
    if (!this.#isPaused) this.#rows = rowsOf(this.model.news);
    const words = this.#filter
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== "");
    const fits = ({ kind, where, text, answer }: Row) => {
      const all = `${kind} ${where} ${text} ${answer}`.toLowerCase();
      return words.every((word) => all.includes(word));
    };
    const rows = this.#rows.filter(fits).slice(-MOST_ROWS).reverse();
    return html`
      <form class="bar" @submit=${(event: Event) => event.preventDefault()}>
        <label>Filter <input type="search" @input=${this.#refilter} placeholder="buzzer 1"></label>
        <button type="button" aria-pressed=${this.#isPaused} @click=${this.#pause}>${this.#isPaused ? "Paused" : "Pause"}</button>
        ${this.model.left > 0 ? html`<span>${this.model.left.toLocaleString("en")} passed too quickly to be told</span>` : ""}
      </form>
      ${this.model.mayAct ? this.#sender() : ""}
      <div class="scroll" tabindex="0" role="region" aria-label="Messages and events, the latest first">
        <table>
          <thead><tr>${["Time", "What", "Where", "Says", "Answer"].map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
          <tbody>
            ${rows.map(
              ({ atMs, kind, where, text, answer, isFailure }) => html`
                <tr><td class="number">${clockOf(atMs)}</td><td>${kind}</td><td>${where}</td><td>${text}</td>
                <td class=${isFailure ? "problem" : ""}>${answer}</td></tr>
              `,
            )}
          </tbody>
        </table>
      </div>
    `;
  }

  #sender() {
    const send = async (event: SubmitEvent) => {
      event.preventDefault();
      const form = event.currentTarget as HTMLFormElement; // the form that the listener is on
      const value = (name: string) => String(new FormData(form).get(name) ?? "");
      const [how, to, text] = [value("how"), value("to"), value("text")];
      const output = form.querySelector("output");
      const act =
        how === "publish"
          ? ({ do: "publish", subject: to, data: text } as const)
          : ({ do: "send", node: to, channel: "", message: text } as const);
      const said = await this.model.act(act).catch(({ message }: Error) => message);
      if (output) output.textContent = said;
    };
    return html`
      <form class="bar" @submit=${send}>
        <label>Do <select name="how"><option value="send">send to node</option><option value="publish">publish subject</option></select></label>
        <label>To <input name="to" required list="nodes"></label>
        <datalist id="nodes">${this.model.state.nodes.map(({ name }) => html`<option value=${name}></option>`)}</datalist>
        <label>Text <input name="text"></label>
        <button>Send</button>
        <output></output>
      </form>
    `;
  }

  #refilter = ({ currentTarget }: Event): void => {
    this.#filter = (currentTarget as HTMLInputElement).value; // the input that the listener is on
    this.requestUpdate();
  };

  #pause = (): void => {
    this.#isPaused = !this.#isPaused;
    this.requestUpdate();
  };
}

function rowsOf(news: readonly News[]): readonly Row[] {
  const answers = new Map(news.flatMap((each) => (each.kind === "ack" ? [[each.id, each] as const] : [])));
  return news.flatMap((each): Row[] => {
    if (each.kind === "event")
      return [
        {
          atMs: each.atMs,
          kind: "event",
          where: each.subject,
          text: each.text,
          answer: "",
          isFailure: false,
        },
      ];
    if (each.kind !== "message") return [];
    const { atMs, id, from, node, channel, text } = each;
    const { text: answer = "", isFailure = false } = answers.get(id) ?? {};
    const where = `${from === "" ? "somebody" : from} → ${node}${channel === "" ? "" : `/${channel}`}`;
    return [{ atMs, kind: "message", where, text, answer, isFailure }];
  });
}

customElements.define("view-events", ViewEvents);
