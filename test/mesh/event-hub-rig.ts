import assert from "node:assert/strict";
import { ManualClock } from "../../src/core/manual-clock.js";
import type { MeshEvent } from "../../src/mesh/event.js";
import type { EventInput, EventOutput } from "../../src/mesh/framed/event-exchange.js";
import { readFrame } from "../../src/mesh/framed/frame-reader.js";
import { FrameWriter } from "../../src/mesh/framed/frame-writer.js";
import type { SharedRecords } from "../../src/mesh/framed/shared-records.js";
import { EventHub } from "../../src/mesh/hub/event-hub.js";
import { DEFAULT_LIMITS } from "../../src/mesh/limits.js";

/** A process whose turns end when a test says so. */
export class Process {
  readonly heard: MeshEvent[] = [];
  readonly clock = new ManualClock();
  readonly hub: EventHub;
  #due: (() => void)[] = [];

  constructor(limits: Partial<typeof DEFAULT_LIMITS> = {}, hasBegun = true) {
    const schedule = (callback: () => void) => void this.#due.push(callback);
    this.hub = new EventHub({ clock: this.clock, limits: { ...DEFAULT_LIMITS, ...limits }, schedule });
    if (hasBegun) this.hub.begin();
  }

  subscribe(pattern: string) {
    return this.hub.subscribe(pattern, (event) => this.heard.push(event));
  }

  get data(): unknown[] {
    return this.heard.map(({ data }) => data);
  }

  /** What it calls itself. */
  get process(): string {
    return this.hub.processOf("");
  }

  endTurn(): void {
    while (this.#due.length > 0) for (const callback of this.#due.splice(0)) callback();
  }
}

export const UNPROVEN = { isProven: false, own: "" } as const;

/** One end of a link: what it says waits until it is delivered. */
export class End implements EventOutput {
  isFull = false;
  readonly #writer = new FrameWriter();
  readonly #frames: Uint8Array[] = [];
  readonly #hub: EventHub | undefined;
  input: EventInput | undefined;
  isOver = false;

  constructor(hub?: EventHub) {
    this.#hub = hub;
  }

  get record(): FrameWriter {
    return this.#writer;
  }

  share({ records }: SharedRecords): void {
    this.record.records(records);
  }

  /** What was said so far, a frame for each time that this is asked. */
  get frames(): Uint8Array[] {
    if (this.#writer.length > 0) this.#frames.push(this.#writer.take());
    return this.#frames;
  }

  hear(frame: Uint8Array): void {
    if (this.isOver) return;
    readFrame(frame, {
      json: refuse,
      open: refuse,
      chain: refuse,
      message: refuse,
      ack: refuse,
      failure: refuse,
      numbers: (type, first, second) => {
        if (type === 0x04) this.#writer.numbers(0x05, first);
        else if (type === 0x34) this.input?.soFar(first, second);
        else this.input?.pong(first);
      },
      interest: (interest) => {
        this.input ??= this.#hub?.join(this, { process: interest.process, node: "one", ...UNPROVEN });
        this.input?.interest(interest);
      },
      event: (...event) => this.input?.event(...event),
    });
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.isFull = true;
    this.input?.ended();
  }
}

const refuse = () => assert.fail("no record of events");

/** A link between two processes. */
export class Wire {
  readonly ends: readonly [End, End];

  /** @param one Made it, and has had the welcome; the other knows it when it has heard its interest. */
  constructor(one: Process, other: Process) {
    this.ends = [new End(), new End(other.hub)];
    this.ends[0].input = one.hub.join(this.ends[0], { process: other.process, node: "other", ...UNPROVEN });
  }

  /** Delivers the oldest frame in one direction. @returns Whether there was one. */
  deliver(from: 0 | 1): boolean {
    const frame = this.ends[from].frames.shift();
    if (frame) this.ends[1 - from]?.hear(frame);
    return frame !== undefined;
  }

  deliverAll(): void {
    while (this.deliver(0) || this.deliver(1));
  }

  cut(): void {
    for (const end of this.ends) end.end();
  }
}

export function settle(processes: readonly Process[], wires: readonly Wire[]): void {
  for (let round = 0; round < 4; round++) {
    for (const process of processes) process.endTurn();
    for (const wire of wires) wire.deliverAll();
  }
}
