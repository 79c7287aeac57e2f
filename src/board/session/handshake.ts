import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import { encodeToBoard } from "../../firmata/to-board.js";

/**
 * How long a board may take to say what it is, in milliseconds. StandardFirmata takes 2.2 s after the reset that
 * opening a port causes, its boot loader up to 2 s before that.
 */
export const READY_TIMEOUT_MS = 5_500;

/** When a board that has said nothing is asked first, and then how often, in milliseconds. */
const FIRST_QUESTION_MS = 500;
const NEXT_QUESTION_MS = 1_000;

/** When one is asked that is expected to run: a board of ours that has started all the same greets within it, in milliseconds. */
const AT_ONCE_MS = 20;

/** Bytes kept to show what a board said instead of Firmata. */
const SAMPLE_BYTES = 32;

/** What was heard from a board, for the message that says what is wrong with it. */
export class Heard {
  receivedBytes = 0;
  /** How many of them were in no Firmata message. */
  discardedBytes = 0;
  /** `2.5`, once the board has told its protocol version. */
  version: string | undefined;
  /** The first bytes that were in no message. */
  readonly sample: number[] = [];

  discard(bytes: Uint8Array): void {
    this.discardedBytes += bytes.length;
    const room = SAMPLE_BYTES - this.sample.length;
    if (room > 0) this.sample.push(...bytes.subarray(0, room));
  }
}

export interface HandshakeOptions {
  readonly address: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly send: (frame: Uint8Array) => void;
  readonly heard: Heard;
  /** Resolves when firmata-io knows the board's pins; rejects when the link is lost. */
  readonly ready: Promise<void>;
  readonly timeoutMs: number;
  /** Asks at once: the board is expected to be running, and not to greet. */
  readonly isRunning?: boolean;
}

/**
 * Waits until the board has told what it is, asking a silent one now and then.
 *
 * @returns Whether it was asked: one that greets of itself has just started.
 * @throws {CircuitError} `BOARD_SILENT`, `BOARD_NOT_FIRMATA` or `BOARD_WRONG_BAUD` when the time is over; the
 *   signal's own reason when it aborts.
 */
export async function handshake(options: HandshakeOptions): Promise<boolean> {
  const { address, clock, signal, send, heard, ready, timeoutMs, isRunning = false } = options;
  let isAsked = false;
  const over = new AbortController();
  const ask = (afterMs: number): (() => void) =>
    clock.after(afterMs, () => {
      if (over.signal.aborted) return;
      isAsked ||= heard.version === undefined;
      if (heard.version === undefined) send(encodeToBoard({ type: "queryVersion" }));
      send(encodeToBoard({ type: "queryFirmware" }));
      cancelAsk = ask(NEXT_QUESTION_MS);
    });
  let cancelAsk = ask(isRunning ? AT_ONCE_MS : FIRST_QUESTION_MS);
  const timeout = clock
    .sleep(timeoutMs, AbortSignal.any([signal, over.signal]))
    .then(() => Promise.reject(diagnose(address, heard, timeoutMs)));
  try {
    await Promise.race([ready, timeout]);
    return isAsked;
  } finally {
    cancelAsk();
    over.abort();
    timeout.catch(() => {});
  }
}

function diagnose(address: string, heard: Heard, timeoutMs: number): CircuitError {
  const within = `within ${(timeoutMs / 1_000).toFixed(1)} s`;
  if (heard.receivedBytes === 0) {
    return new CircuitError(
      "BOARD_SILENT",
      `Cannot talk to the board on ${address}: it said nothing ${within}`,
      {
        hint: "Flash StandardFirmata (README: real hardware), press its reset button, and use a cable that carries data.",
      },
    );
  }
  if (heard.version !== undefined) {
    return new CircuitError(
      "BOARD_NOT_FIRMATA",
      `Cannot talk to the board on ${address}: it speaks Firmata ${heard.version} but did not describe its pins ${within}`,
      {
        hint: "Flash StandardFirmata (README: real hardware); a reduced Firmata does not answer a capability query.",
      },
    );
  }
  const text = String.fromCharCode(...heard.sample);
  if (isText(heard.sample)) {
    return new CircuitError(
      "BOARD_NOT_FIRMATA",
      `Cannot talk to the board on ${address}: it says ${JSON.stringify(text)}, which is not Firmata`,
      { hint: "Flash StandardFirmata: the board runs another sketch (README: real hardware)." },
    );
  }
  const sample = heard.sample.slice(0, 8).map((byte) => byte.toString(16).padStart(2, "0"));
  // At a wrong rate a few bytes may look like messages.
  const what = sample.length > 0 ? `none of them Firmata (${sample.join(" ")} …)` : "but no Firmata version";
  return new CircuitError(
    "BOARD_WRONG_BAUD",
    `Cannot talk to the board on ${address}: ${heard.receivedBytes} bytes ${within}, ${what}`,
    {
      hint: "Give the baud rate of its firmware, for example ?baud=115200 behind the port, or flash StandardFirmata.",
    },
  );
}

/** Share of printable bytes from which a sample is taken for text: at a wrong rate it is under a half. */
const TEXT_SHARE = 0.85;

function isText(sample: readonly number[]): boolean {
  const printable = sample.filter(
    (byte) => (byte >= 0x20 && byte < 0x7f) || [0x09, 0x0a, 0x0d].includes(byte),
  );
  return printable.length > 0 && printable.length >= TEXT_SHARE * sample.length;
}
