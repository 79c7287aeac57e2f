import type { TestContext } from "node:test";
import type { ByteLink } from "../../../src/board/link/link.js";
import { MockBoard } from "../../../src/board/link/mock.js";
import type { BoardSession } from "../../../src/board/session/board-session.js";
import { openSession } from "../../../src/board/session/session.js";
import { CircuitError } from "../../../src/core/error.js";
import { ManualClock } from "../../../src/core/manual-clock.js";
import { turns } from "../../contract/waiting.js";

export const FIRMWARES = ["circuit", "standard"] as const;

/** A desk on which a board is plugged in when a test says so: each time a board that has just started. */
export class Desk {
  readonly clock = new ManualClock();
  readonly notices: string[] = [];
  readonly heard: string[] = [];
  readonly session: Promise<BoardSession>;
  board: MockBoard;
  #isPluggedIn = true;
  #goesAfterBytes = Number.POSITIVE_INFINITY;
  readonly #firmware: (typeof FIRMWARES)[number];

  constructor(context: TestContext, firmware: (typeof FIRMWARES)[number] = "circuit", patienceMs = 30_000) {
    this.#firmware = firmware;
    this.board = new MockBoard({ firmware });
    this.session = openSession({
      link: this.board,
      clock: this.clock,
      notice: (text) => this.notices.push(text),
      relink: async () => {
        if (!this.#isPluggedIn) throw new CircuitError("PORT_MISSING", "Cannot open mock: it is not there");
        return Number.isFinite(this.#goesAfterBytes) ? this.#shortLived() : this.board;
      },
      patienceMs,
    });
    context.after(async () => (await this.session).close());
    void this.session.then(({ board }) => {
      board.on("lost", ({ code }) => this.heard.push(code));
      board.on("restored", () => this.heard.push("restored"));
    });
  }

  unplug(): void {
    this.#isPluggedIn = false;
    this.board.unplug();
  }

  /**
   * @param firmware Of another board, where it is given.
   * @param goesAfterBytes It says so many bytes, and goes away again.
   */
  async plugIn(firmware = this.#firmware, goesAfterBytes = Number.POSITIVE_INFINITY): Promise<void> {
    this.board = new MockBoard({ firmware });
    this.board.recording = true;
    this.#goesAfterBytes = goesAfterBytes;
    this.#isPluggedIn = true;
    await this.pass(600);
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 50) {
      await turns();
      await this.clock.advance(50);
    }
    await turns();
  }

  /** The board, on a cable that breaks. */
  #shortLived(): ByteLink {
    const { board } = this;
    let bytesLeft = this.#goesAfterBytes;
    return {
      address: board.address,
      bytesPerSecond: board.bytesPerSecond,
      open: ({ data, lost }) =>
        board.open({
          lost,
          data: (bytes) => {
            if (bytesLeft <= 0) return;
            data(bytes.subarray(0, bytesLeft));
            bytesLeft -= bytes.length;
            if (bytesLeft <= 0) this.unplug();
          },
        }),
      write: (bytes) => board.write(bytes),
      drain: () => board.drain(),
      close: () => board.close(),
    };
  }
}
