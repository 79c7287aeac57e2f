import type { FlashReport } from "../circuit/flash/flash.js";
import type { StandardReport } from "../circuit/flash/standard.js";
import type { Cli } from "./cli.js";

/** Width of a full bar, in characters: with its words it fits a terminal of 80. */
const BAR_WIDTH = 32;

const LABELS = { writing: "Writing  ", comparing: "Comparing" } as const;

/** Tells a person how flashing goes: with a bar on a terminal, with plain lines elsewhere. */
export function flashPrinter(cli: Cli): (event: FlashReport | StandardReport) => void {
  const bar = new Bar(cli);
  return (event) => {
    if ("bytes" in event) bar.show(event);
    else {
      bar.end();
      for (const line of describe(event)) (event.type === "interrupted" ? cli.log : cli.print)(line);
    }
  };
}

type Progress = Extract<FlashReport, { readonly bytes: number }>;
type Told = Exclude<FlashReport | StandardReport, Progress>;

function describe(event: Told): readonly string[] {
  switch (event.type) {
    case "image":
      return [`${event.source}: ${event.totalBytes} bytes for ${event.address}`];
    case "bootLoader":
      return [`${event.chip}, its boot loader answers at ${event.baud} baud`];
    case "interrupted":
      return [event.text];
    case "firmware":
      return [`${event.address} runs ${event.firmware}, ready in ${Math.round(event.readyMs)} ms`];
    case "noGreeting":
      return [
        "The image is on the board and was compared; it does not greet as Firmata does:",
        `  ${event.text}`,
      ];
    case "command":
      return [`$ ${event.command}`];
    case "steps":
      return [
        "Cannot flash StandardFirmata from here: arduino-cli is not installed. By hand:",
        ...event.steps.map((step, index) => `  ${index + 1}. ${step}`),
      ];
  }
}

/** The progress of one kind of work after another. */
class Bar {
  readonly #cli: Cli;
  #type: Progress["type"] | undefined;
  #isOpen = false;

  constructor(cli: Cli) {
    this.#cli = cli;
  }

  show({ type, bytes, totalBytes }: Progress): void {
    if (this.#cli.isTerminal) {
      if (type !== this.#type) this.end();
      const filled = Math.round((bytes / totalBytes) * BAR_WIDTH);
      const blocks = `${"#".repeat(filled)}${".".repeat(BAR_WIDTH - filled)}`;
      this.#draw(`\r${LABELS[type]} [${blocks}] ${bytes} of ${totalBytes} bytes`);
    } else if (type !== this.#type) {
      this.#cli.print(`${LABELS[type].trim()} ${totalBytes} bytes`);
    }
    this.#type = type;
  }

  /** Leaves the bar's line. */
  end(): void {
    if (this.#isOpen) this.#draw("\n");
    this.#isOpen = false;
  }

  #draw(text: string): void {
    this.#isOpen = true;
    void this.#cli.pass(Buffer.from(text), "stdout");
  }
}
