import type { Clock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import { randomId } from "../core/random-id.js";
import { ReceivedTally } from "../mesh/counts.js";
import type { FrameLink, FrameLinkEvents } from "../mesh/framed/frame-link.js";
import { readFrame } from "../mesh/framed/frame-reader.js";
import { FrameWriter } from "../mesh/framed/frame-writer.js";
import { InSessions } from "../mesh/framed/in-sessions.js";
import type { Guest } from "../mesh/framed/out-greeting.js";
import { RECORD } from "../mesh/framed/records.js";
import { DEFAULT_LIMITS } from "../mesh/limits.js";
import type { Handler } from "../mesh/mesh.js";
import { dialNode } from "./page-link.js";

export interface OfferedNodeOptions {
  readonly url: string;
  readonly name: string;
  readonly guest: Guest;
  readonly clock: Clock;
  readonly handler: Handler;
  readonly schedule: (callback: () => void) => void;
}

/** How long handlers may still run when the node is closed, in milliseconds. */
const CLOSE_MS = DEFAULT_LIMITS.closeMs;

/** A node of this page: it offers it to whom it has dialled, who serves it in its name, over whatever links come and go. */
export class OfferedNode {
  readonly #options: OfferedNodeOptions;
  readonly #boot = randomId();
  readonly #sessions: InSessions;
  #stopDialing = () => {};
  #link: FrameLink | undefined;
  #isClosed = false;
  #settle: { resolve(): void; reject(problem: unknown): void } | undefined;

  constructor(options: OfferedNodeOptions) {
    this.#options = options;
    const { name, handler, clock, schedule } = options;
    this.#sessions = new InSessions({
      ...{ node: name, boot: this.#boot, handler, concurrency: 1, clock, schedule },
      limits: DEFAULT_LIMITS,
      tally: new ReceivedTally(),
    });
  }

  /**
   * Resolves when it is served.
   *
   * @throws {CircuitError} `ACCESS_DENIED` where it is not let in, or there is a node of its name.
   */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#dial(0);
    });
  }

  /** Answers what runs, takes nothing more, and leaves. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopDialing();
    let stopWaiting = () => {};
    const late = new Promise<void>((resolve) => {
      stopWaiting = this.#options.clock.after(CLOSE_MS, resolve);
    });
    await Promise.race([this.#sessions.drain(), late]);
    stopWaiting();
    this.#sessions.close();
    this.#link?.close();
  }

  #dial(waitMs: number): void {
    const { url, clock } = this.#options;
    const dialing = { missing: () => {}, opened: (link: FrameLink) => this.#greet(link) };
    this.#stopDialing = dialNode(url, clock, dialing, waitMs);
  }

  #greet(link: FrameLink): FrameLinkEvents {
    this.#link = link;
    const { name, guest } = this.#options;
    const writer = new FrameWriter();
    const hello = {
      version: 1,
      sender: randomId(),
      target: name,
      channels: [],
      ...guest,
      serves: this.#boot,
    };
    writer.json(RECORD.hello, hello);
    link.send(writer.take());
    let receiving: FrameLinkEvents | undefined;
    return {
      frame: (frame) => {
        if (receiving) receiving.frame(frame);
        else if (this.#isWelcome(link, frame)) receiving = this.#sessions.accept(link, "host");
      },
      room: () => receiving?.room(),
      ended: (reason) => {
        this.#link = undefined;
        receiving?.ended(reason);
        if (!this.#isClosed) this.#dial(RETRY_MS);
      },
    };
  }

  #isWelcome(link: FrameLink, frame: Uint8Array): boolean {
    const said = whatIsSaid(frame);
    if (said.type === RECORD.welcome) {
      this.#settle?.resolve();
      return true;
    }
    const reason = String(Object(said.value).denied ?? "it has said something else");
    link.close();
    this.#isClosed = true;
    const { name } = this.#options;
    this.#settle?.reject(
      new CircuitError("ACCESS_DENIED", `Cannot serve ${name} from this page: ${reason}`, {
        hint: "Give the page a name of its own, and that name's token where nodes have credentials.",
      }),
    );
    return false;
  }
}

/** Wait before a link is sought in place of one that ended, in milliseconds. */
const RETRY_MS = 50;

function whatIsSaid(frame: Uint8Array): { readonly type: number; readonly value: unknown } {
  let said: { readonly type: number; readonly value: unknown } = { type: 0, value: undefined };
  const ignore = () => {};
  const json = (type: number, value: unknown) => {
    said = { type, value };
  };
  readFrame(frame, {
    json,
    open: ignore,
    chain: ignore,
    message: ignore,
    ack: ignore,
    failure: ignore,
    numbers: ignore,
  });
  return said;
}
