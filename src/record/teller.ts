import { describeLevel, describeToBoard, describeToHost } from "../firmata/describe.js";
import { FrameSplitter } from "../firmata/frames.js";
import { decodeToBoard } from "../firmata/to-board.js";
import { decodeToHost, type ToHost } from "../firmata/to-host.js";
import { ActReader } from "./acts.js";
import type { AckEntry, BoardEntry, BytesEntry, Entry, MessageEntry } from "./entry.js";
import { describeFrame } from "./frame-words.js";
import { describePayload } from "./payload-words.js";
import { describeProgress } from "./progress-words.js";

/** What kinds of things a recording tells of. */
export const TOLD_KINDS: readonly string[] = [
  ...["boards", "edges", "tones", "writes", "reports", "bytes"],
  ...["frames", "messages", "acks", "events", "lines"],
];

/** Something that happened, in words. */
export interface Told {
  readonly atMs: number;
  readonly kind: string;
  /** Names that have to do with it: of boards, nodes, peers, a subject. */
  readonly names: readonly string[];
  readonly pin?: number;
  readonly words: string;
  /** Whether it says what something else tells better: it is for those who ask for it. */
  readonly isDetail: boolean;
}

/** Tells of a recording's entries, in order, in words. */
export class Teller {
  readonly #wires = new Map<string, WireTeller>();
  /** Nodes of the messages that have no ack yet, by their numbers. */
  readonly #nodes = new Map<number, string>();

  tell(entry: Entry): readonly Told[] {
    switch (entry.kind) {
      case "board":
        return [this.#board(entry)];
      case "to-board":
      case "to-host":
        return this.#wire(entry.board).take(entry);
      case "edge": {
        const { atMs, board, pin, level } = entry;
        const words = `${board}: ${describeLevel(pin, level)}`;
        return [{ atMs, kind: "edges", names: [board], pin, words, isDetail: false }];
      }
      case "message":
        return [this.#message(entry)];
      case "ack":
        return [this.#ack(entry)];
      case "event": {
        const { atMs, subject, payload } = entry;
        const words = `event ${subject}: ${describePayload(payload)}`;
        return [{ atMs, kind: "events", names: [subject], words, isDetail: false }];
      }
      case "frame": {
        const { atMs, direction, peer, bytes } = entry;
        const words = `frame ${direction === "in" ? "from" : "to"} ${peer}: ${describeFrame(bytes)}`;
        return [{ atMs, kind: "frames", names: [peer], words, isDetail: true }];
      }
      case "told":
        return describeProgress(entry.text).map((told) => ({ atMs: entry.atMs, kind: "lines", ...told }));
    }
  }

  #board({ atMs, board, what, address, baud }: BoardEntry): Told {
    const wire = this.#wire(board);
    wire.began(address, what === "opened");
    const speed = baud > 0 ? ` at ${baud} baud` : "";
    const words = `${board}: ${what === "baud" ? `goes on${speed}` : `${what} ${address}${what === "opened" ? speed : ""}`}`;
    return { atMs, kind: "boards", names: [board], words, isDetail: false };
  }

  #message({ atMs, id, from, node, channel, payload }: MessageEntry): Told {
    this.#nodes.set(id, node);
    const to = channel === "" ? node : `${node}/${channel}`;
    const words = `message ${id} from ${from === "" ? "somebody" : from} to ${to}: ${describePayload(payload)}`;
    return { atMs, kind: "messages", names: [from, node], words, isDetail: false };
  }

  #ack({ atMs, id, payload, isFailure }: AckEntry): Told {
    const node = this.#nodes.get(id) ?? "";
    this.#nodes.delete(id);
    const said = isFailure ? "fails" : "is acknowledged";
    const words = `message ${id} to ${node} ${said}: ${describePayload(payload)}`;
    return { atMs, kind: "acks", names: [node], words, isDetail: false };
  }

  #wire(board: string): WireTeller {
    const wire = this.#wires.get(board) ?? new WireTeller(board);
    this.#wires.set(board, wire);
    return wire;
  }
}

/** Tells of the bytes on a board's wire: of each message when its last byte is there. */
class WireTeller {
  readonly #board: string;
  #acts = new ActReader();
  /** Levels that each port has reported. */
  #reports = new Map<number, number>();
  /** Whether its edges tell of its pins. */
  #showsEdges = false;
  #told: Told[] = [];
  #atMs = 0;
  #toBoard = this.#splitToBoard();
  #toHost = this.#splitToHost();

  constructor(board: string) {
    this.#board = board;
  }

  /** @param isAnew Whether the link was opened just now. */
  began(address: string, isAnew: boolean): void {
    this.#showsEdges = /\bsim:/.test(address);
    if (!isAnew) return;
    this.#acts = new ActReader();
    this.#reports = new Map();
    this.#toBoard = this.#splitToBoard();
    this.#toHost = this.#splitToHost();
  }

  take({ kind, atMs, bytes }: BytesEntry): readonly Told[] {
    this.#atMs = atMs;
    (kind === "to-board" ? this.#toBoard : this.#toHost).push(bytes);
    return this.#told.splice(0);
  }

  #splitToBoard(): FrameSplitter {
    return new FrameSplitter("toBoard", {
      frame: (frame) => {
        const message = decodeToBoard(frame);
        const acts = this.#acts.read(message);
        if (acts.length === 0) this.#tell("bytes", `< ${describeToBoard(message)}`, undefined, true);
        const isTone = message.type === "tone" || message.type === "noTone";
        for (const { words, pin } of acts)
          this.#tell(isTone ? "tones" : "writes", words, pin, !isTone && this.#showsEdges);
      },
      discard: (bytes) => this.#discarded("<", bytes),
    });
  }

  #splitToHost(): FrameSplitter {
    return new FrameSplitter("toHost", {
      frame: (frame) => this.#heard(decodeToHost(frame)),
      discard: (bytes) => this.#discarded(">", bytes),
    });
  }

  #heard(message: ToHost): void {
    if (message.type === "digitalPort") this.#reported(message.port, message.levels);
    else if (message.type === "analog" || message.type === "i2cReply" || message.type === "string")
      this.#tell("reports", describeToHost(message), undefined, false);
    else this.#tell("bytes", `> ${describeToHost(message)}`, undefined, true);
  }

  /** Inputs of a port: those that have changed. */
  #reported(port: number, levels: number): void {
    const changed = levels ^ (this.#reports.get(port) ?? 0);
    this.#reports.set(port, levels);
    for (let bit = 0; bit < 8; bit++) {
      if (!((changed >> bit) & 1)) continue;
      const pin = port * 8 + bit;
      this.#tell("reports", `reads ${describeLevel(pin, (levels >> bit) & 1)}`, pin, this.#showsEdges);
    }
  }

  #discarded(way: string, bytes: Uint8Array): void {
    const shown = Buffer.from(bytes.subarray(0, 16)).toString("hex");
    this.#tell("bytes", `${way} ${bytes.length} bytes that are no message: ${shown}`, undefined, true);
  }

  #tell(kind: string, what: string, pin: number | undefined, isDetail: boolean): void {
    const words = `${this.#board}: ${what}`;
    const names = [this.#board];
    this.#told.push({ atMs: this.#atMs, kind, names, words, isDetail, ...(pin !== undefined && { pin }) });
  }
}
