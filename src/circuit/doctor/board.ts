import type { BoardSession } from "../../board/session/board-session.js";
import { answersWithin } from "../../board/session/patience.js";
import type { Clock } from "../../core/clock.js";
import { messageOf } from "../../core/error.js";
import { CIRCUIT_FIRMWARE, PIN_MODE } from "../../firmata/protocol.js";
import { attachments, wiredPins } from "../../wiring/attachments.js";
import { FIRST_ANALOG_PIN, findPinNumber, POTENTIOMETER, SERVO } from "../../wiring/parts.js";
import type { Wiring } from "../../wiring/wiring.js";
import { type Finding, failure, ok, warning } from "./finding.js";

/** Round trips that the median is of. */
const ROUND_TRIPS = 21;

/** A query for a pin's state and its answer, in bytes. */
const TRIP_BYTES = 10;

/** Slower than this a chip between the board and the host waits before it passes bytes on, in milliseconds. */
const SLOW_MS = 12;

interface AskedIo {
  readonly pins: readonly { readonly supportedModes: readonly number[] }[];
  queryPinState(pin: number, answered: () => void): void;
}

/** What a board that answers says of itself, how quickly, and whether it can do what is wired to it. */
export async function* checkBoard(
  session: BoardSession,
  {
    clock,
    wiring,
    readyMs,
  }: { readonly clock: Clock; readonly wiring: Wiring | undefined; readonly readyMs: number },
): AsyncGenerator<Finding> {
  // The cast: Johnny-Five's types say nothing of its io.
  const io = session.board.io as AskedIo;
  yield ok("answer", `after ${Math.round(readyMs)} ms`);
  const { firmware } = session;
  yield firmware.startsWith(CIRCUIT_FIRMWARE)
    ? ok("firmware", firmware)
    : ok("firmware", `${firmware}; on an Uno or Nano circuit's own is quicker (firmware/README.md)`);
  yield ok("pins", describePins(io));
  const { agreedBaud, bytesPerSecond } = session;
  if (agreedBaud !== undefined) yield ok("speed", `${agreedBaud} baud, agreed on with the firmware`);
  else if (Number.isFinite(bytesPerSecond))
    yield ok("speed", `${Math.round(bytesPerSecond)} bytes a second; no faster one was agreed on`);
  const { address } = session;
  yield await checkRoundTrip(io, { address, clock, wireMs: (TRIP_BYTES / bytesPerSecond) * 1_000 });
  if (wiring) yield* checkWiring(wiring, io);
}

function describePins({ pins }: AskedIo): string {
  const having = (mode: number) => pins.filter(({ supportedModes }) => supportedModes.includes(mode)).length;
  const { output, analog, pwm, servo, i2c, tone } = PIN_MODE;
  const counts = { digital: output, analog, PWM: pwm, servo, I2C: i2c, tone };
  return Object.entries(counts)
    .map(([name, mode]) => `${having(mode)} ${name}`)
    .join(", ");
}

interface RoundTripOptions {
  readonly address: string;
  readonly clock: Clock;
  /** What of it the wire takes, in milliseconds. */
  readonly wireMs: number;
}

/** A board that has described itself may still hang, or be unplugged. */
async function checkRoundTrip(io: AskedIo, { address, clock, wireMs }: RoundTripOptions): Promise<Finding> {
  const pin = io.pins.findIndex(({ supportedModes }) => supportedModes.length > 0);
  const times: number[] = [];
  for (let trip = 0; trip < ROUND_TRIPS; trip++) {
    const startMs = clock.now();
    const answer = new Promise<void>((resolve) => io.queryPinState(pin, resolve));
    try {
      await answersWithin(answer, address, clock);
    } catch (problem) {
      const silent = failure("round trip", messageOf(problem), "Press the board's reset button.");
      return { ...silent, isUnreachable: true };
    }
    times.push(clock.now() - startMs);
  }
  const medianMs = times.sort((a, b) => a - b)[times.length >> 1] ?? 0;
  const restMs = Math.max(0, medianMs - wireMs);
  const text = `${medianMs.toFixed(1)} ms, the median of ${ROUND_TRIPS}: ${wireMs.toFixed(1)} on the wire, ${restMs.toFixed(1)} in USB chip and host`;
  if (medianMs <= SLOW_MS) return ok("round trip", text);
  return warning(
    "round trip",
    `${text}; a USB chip waits before it passes bytes on`,
    "On Linux with an FTDI chip: echo 1 | sudo tee /sys/bus/usb-serial/devices/ttyUSB0/latency_timer",
  );
}

function* checkWiring(wiring: Wiring, { pins }: AskedIo): Generator<Finding> {
  const problems: string[] = [];
  for (const [pin, parts] of wiredPins(wiring))
    if ((pins[pin]?.supportedModes.length ?? 0) === 0)
      problems.push(`${parts.join(", ")} is on pin ${pin}, which the board does not offer`);
  for (const { part, type, terminals } of attachments(wiring)) {
    const needs = type === SERVO ? PIN_MODE.servo : type === POTENTIOMETER ? PIN_MODE.analog : undefined;
    if (needs === undefined) continue;
    const pin = Object.values(terminals)
      .map(findPinNumber)
      .find((number) => number !== undefined);
    if (pin === undefined || pins[pin]?.supportedModes.includes(needs)) continue;
    const name = pin >= FIRST_ANALOG_PIN ? `A${pin - FIRST_ANALOG_PIN}` : `${pin}`;
    problems.push(
      `${part} is on pin ${name}, which is no ${needs === PIN_MODE.servo ? "servo" : "analog"} pin`,
    );
  }
  if (problems.length === 0) yield ok("wiring", `${wiring.source}: the board has every pin that it uses`);
  for (const problem of problems)
    yield failure("wiring", problem, `Wire it to another pin in ${wiring.source}.`);
}
