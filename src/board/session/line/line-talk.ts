import type { Clock } from "../../../core/clock.js";
import { encodeToBoard, type ToBoard } from "../../../firmata/to-board.js";
import type { ToHost } from "../../../firmata/to-host.js";

/** What our firmware, from 1.1 on, is asked about the line, and answers alike. */
export type LineQuestion = Extract<ToBoard, { type: "ping" | "speed" }>;

interface Asked {
  readonly question: LineQuestion;
  readonly settle: (isAnswered: boolean) => void;
}

export interface LineTalkOptions {
  readonly clock: Clock;
  /** Sends a message past all that waits. */
  readonly send: (frame: Uint8Array) => void;
}

/** Questions about the line itself. */
export class LineTalk {
  readonly #clock: Clock;
  readonly #send: (frame: Uint8Array) => void;
  #asked: Asked[] = [];
  #isOver = false;

  constructor({ clock, send }: LineTalkOptions) {
    this.#clock = clock;
    this.#send = send;
  }

  /** @returns Whether the board has answered within so many milliseconds. */
  ask(question: LineQuestion, withinMs: number): Promise<boolean> {
    if (this.#isOver) return Promise.resolve(false);
    return new Promise((resolve) => {
      const settle = (isAnswered: boolean) => {
        cancel();
        this.#asked = this.#asked.filter((asked) => asked !== entry);
        resolve(isAnswered);
      };
      const entry: Asked = { question, settle };
      // After a busy event loop the answer may be here and not have been read: one more turn for it.
      let cancel = this.#clock.after(withinMs, () => {
        cancel = this.#clock.after(0, () => settle(false));
      });
      this.#asked.push(entry);
      this.#send(encodeToBoard(question));
    });
  }

  /** @returns Whether a message answers a question, and is nobody else's business. */
  receive(message: ToHost): boolean {
    const asked = this.#asked.find(({ question }) => isAnswer(question, message));
    asked?.settle(true);
    return asked !== undefined;
  }

  /** The link is gone, and brings no answer. */
  giveUp(): void {
    for (const { settle } of this.#asked) settle(false);
  }

  /** The session ends: nothing more is asked. */
  end(): void {
    this.#isOver = true;
    this.giveUp();
  }
}

function isAnswer(question: LineQuestion, message: ToHost): boolean {
  if (question.type === "ping") return message.type === "pong" && message.number === question.number;
  return message.type === "speed" && message.code === question.code;
}
