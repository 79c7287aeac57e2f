import type { CircuitEvent, Summary } from "../circuit/progress.js";
import { systemClock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import type { Payload } from "../mesh/payload.js";
import type { LimitOptions } from "./expect-pin.js";
import { expectEvent, expectLine, expectMessage, type MessageOptions } from "./expect-told.js";
import type { RigEvent, RigMessage } from "./heard.js";
import type { RigBoard } from "./rig-board.js";
import type { RunningCircuit } from "./running.js";
import type { TapeEdge } from "./tape.js";

export interface SendOptions extends LimitOptions {
  readonly channel?: string;
}

/** How long an acknowledgement may take by default, in milliseconds, as in a circuit; and a circuit that ends by itself. */
const ANSWER_MS = 30_000;

/** What a method of a board takes. */
type Of<
  Verb extends "press" | "noise" | "turn" | "warm" | "damage" | "stick" | "expectTone" | "expectSilence",
> = Parameters<RigBoard[Verb]>;

/**
 * A circuit on emulated boards in virtual time, under a test's hands and eyes. `emulate()` makes one.
 *
 * Time passes only while something that it returned is waited for; a sketch's timers, the boards' chips and the mesh move
 * with it. Two calls may wait at the same time. When the circuit fails, each call rejects with why.
 *
 * What is asked of the board without a name is asked of the only one; `board(name)` gives one of several.
 */
export class Rig implements AsyncDisposable {
  readonly #circuit: RunningCircuit;
  readonly #released: () => void;
  #closing: Promise<void> | undefined;

  /** @param released Told when it is closed. */
  constructor(circuit: RunningCircuit, released: () => void) {
    this.#circuit = circuit;
    this.#released = released;
  }

  /** Milliseconds of virtual time since the circuit began, with fractions. */
  get nowMs(): number {
    return this.#circuit.mover.nowMs;
  }

  /** What the circuit has told so far: boards, lines of sketches, notices. */
  get told(): readonly CircuitEvent[] {
    return this.#circuit.told;
  }

  /** The messages that have reached nodes so far, with their acknowledgements. */
  get messages(): readonly RigMessage[] {
    return this.#circuit.mesh.messages;
  }

  /** What has been published so far. */
  get events(): readonly RigEvent[] {
    return this.#circuit.mesh.events;
  }

  /** The board's edges so far, by time. The same circuit, firmware and seed give the same. */
  get edges(): readonly TapeEdge[] {
    return this.board().edges;
  }

  /** The board of that name, or the only one. @throws {CircuitError} `USAGE`. */
  board(name?: string): RigBoard {
    this.#circuit.check();
    const { boards } = this.#circuit;
    const [first] = boards.values();
    const board = name === undefined && boards.size === 1 ? first : boards.get(name ?? "");
    if (board) return board;
    const known = [...boards.keys()].join(", ") || "none that is emulated";
    throw new CircuitError("USAGE", `Cannot choose ${name ?? "a board"}: the circuit has ${known}`, {
      hint: "Name one: `rig.board(name)`.",
    });
  }

  /** Lets virtual time pass, in milliseconds. */
  async advance(ms: number): Promise<void> {
    await this.#circuit.watch.advance(ms);
  }

  /**
   * Sends a message to a node and resolves with its acknowledgement.
   *
   * @throws {CircuitError} As `Mesh.send()`; `TIMEOUT` when it has not come within `limitMs`, 30 s by default.
   */
  async send(
    node: string,
    message: Payload,
    { channel, limitMs = ANSWER_MS }: SendOptions = {},
  ): Promise<Payload> {
    this.#circuit.check();
    const { mesh, mover, watch } = this.#circuit;
    watch.did(`send to ${node}`);
    const deadlineAtMs = systemClock.now() + limitMs;
    const options = { from: "rig", deadlineAtMs, ...(channel !== undefined && { channel }) };
    const ack = this.#circuit.within(() => mesh.send(node, message, options));
    // It rejects by itself at its deadline.
    await mover.settles(ack, limitMs + 1_000);
    return ack;
  }

  /** Publishes an event. */
  publish(subject: string, data: Payload): void {
    this.#circuit.check();
    this.#circuit.watch.did(`publish ${subject}`);
    this.#circuit.within(() => this.#circuit.mesh.publish(subject, data, { from: "rig" }));
  }

  /** A message that fits reaches the node: it has since the test did something last, or it comes to. */
  expectMessage(node: string, options?: MessageOptions): Promise<RigMessage> {
    return expectMessage(this.#circuit, node, options);
  }

  /** An event is published whose subject fits the pattern and, where `data` is given, whose data are equal. */
  expectEvent(pattern: string, options?: LimitOptions & { readonly data?: Payload }): Promise<RigEvent> {
    return expectEvent(this.#circuit, pattern, options);
  }

  /** A node's sketch prints a line with this text. */
  expectLine(node: string, text: string | RegExp, options?: LimitOptions): Promise<void> {
    return expectLine(this.#circuit, node, text, options);
  }

  /** Resolves when the circuit has ended by itself, within 30 s of virtual time by default. */
  done({ limitMs = ANSWER_MS }: LimitOptions = {}): Promise<Summary> {
    return this.#circuit.done(limitMs);
  }

  /**
   * The node is dead to others: messages to it fail as those to a peer that is gone. What its sketch sends waits until it is
   * revived, and what it publishes is lost; its board goes on.
   */
  async kill(node: string): Promise<void> {
    this.#circuit.watch.did(`kill ${node}`);
    const killed = this.#circuit.mesh.kill(node);
    await this.#circuit.mover.settles(killed, ANSWER_MS);
    await killed;
  }

  /** The node is there again, its sketch as it was. */
  async revive(node: string): Promise<void> {
    this.#circuit.watch.did(`revive ${node}`);
    await this.#circuit.mesh.revive(node);
  }

  /** The link to a node carries neither messages nor acknowledgements, until `mend()`. */
  cut(node: string): void {
    this.#circuit.watch.did(`cut ${node}`);
    this.#circuit.mesh.cut(node);
  }

  mend(node: string): void {
    this.#circuit.watch.did(`mend ${node}`);
    this.#circuit.mesh.mend(node);
  }

  /** Each message to a node is so long on its way from now on, in milliseconds; 0 ends it. */
  slow(node: string, ms: number): void {
    this.#circuit.watch.did(`slow ${node} by ${ms} ms`);
    this.#circuit.mesh.slow(node, ms);
  }

  press = async (...args: Of<"press">) => this.board().press(...args);
  noise = async (...args: Of<"noise">) => this.board().noise(...args);
  expectTone = async (...args: Of<"expectTone">) => this.board().expectTone(...args);
  expectSilence = async (...args: Of<"expectSilence">) => this.board().expectSilence(...args);
  hold = (button: string) => this.board().hold(button);
  release = (button: string) => this.board().release(button);
  turn = (...args: Of<"turn">) => this.board().turn(...args);
  warm = (...args: Of<"warm">) => this.board().warm(...args);
  damage = (...args: Of<"damage">) => this.board().damage(...args);
  repair = (thermistor: string) => this.board().repair(thermistor);
  stick = (...args: Of<"stick">) => this.board().stick(...args);
  free = (button: string) => this.board().free(button);
  unplug = () => this.board().unplug();
  replug = () => this.board().replug();
  brownOut = () => this.board().brownOut();
  expectPin = (pin: number) => this.board().expectPin(pin);
  expectLed = (led: string) => this.board().expectLed(led);
  expectServo = (servo: string) => this.board().expectServo(servo);
  expectRelay = (relay: string) => this.board().expectRelay(relay);
  expectDisplay = (display: string) => this.board().expectDisplay(display);

  /** Stops the circuit and gives the process its own time back. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#circuit.close().finally(this.#released);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
