import { PIN_MODE } from "../../../firmata/protocol.js";
import { encodeToBoard, type ToBoard } from "../../../firmata/to-board.js";
import type { StopLevel } from "../board-session.js";
import type { PinMemory } from "./pin-memory.js";

/**
 * Messages that silence tones, end PWM, and take outputs to their stop level, low where none is given.
 *
 * @param all Whether also pins are told that are so already, as far as is known.
 */
export function stopFrames(
  memory: PinMemory,
  stopLevels: ReadonlyMap<number, StopLevel>,
  { all = false } = {},
): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const ports = new Map<number, number>();
  for (const { pin, mode, value } of memory.pins) {
    const stop = stopLevels.get(pin) ?? 0;
    if (stop === "keep") continue;
    const off = mayDrive(mode) ? stop : 0;
    if (value === off && !all) continue;
    if (mode === PIN_MODE.tone) frames.push(encodeToBoard({ type: "noTone", pin }));
    if (mode === PIN_MODE.pwm) frames.push(encodeToBoard(analogWrite(pin, 0)));
    if (!mayDrive(mode)) continue;
    const bit = 1 << (pin & 7);
    const levels = ports.get(pin >> 3) ?? memory.levelsOf(pin >> 3);
    ports.set(pin >> 3, off ? levels | bit : levels & ~bit);
  }
  for (const [port, levels] of ports) frames.push(encodeToBoard({ type: "digitalPort", port, levels }));
  return frames;
}

/** Modes as they were set. */
export function modeFrames({ pins }: PinMemory): Uint8Array[] {
  return [...pins].flatMap(({ pin, mode }) =>
    mode === undefined ? [] : [encodeToBoard({ type: "pinMode", pin, mode })],
  );
}

/** Levels, PWM and servo values as they were written; a board that has just started has nothing else. */
export function valueFrames({ pins, ports }: PinMemory): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (const [port, levels] of ports)
    if (levels !== 0) frames.push(encodeToBoard({ type: "digitalPort", port, levels }));
  for (const { pin, mode, value, isWritten } of pins)
    if (isWritten && (mode === PIN_MODE.pwm || mode === PIN_MODE.servo))
      frames.push(encodeToBoard(analogWrite(pin, value)));
  return frames;
}

/** Levels of all ports with pins that were told anything, also where all are low. */
export function levelFrames(memory: PinMemory): Uint8Array[] {
  const ports = new Set([...memory.pins].map(({ pin }) => pin >> 3));
  return [...ports].map((port) =>
    encodeToBoard({ type: "digitalPort", port, levels: memory.levelsOf(port) }),
  );
}

/** Whether a pin may be driven high or low: boards start with outputs, so one that was told no mode may be, too. */
function mayDrive(mode: number | undefined): boolean {
  return mode === PIN_MODE.output || mode === undefined;
}

function analogWrite(pin: number, value: number): ToBoard {
  return pin < 16 && value < 1 << 14
    ? { type: "analog", pin, value }
    : { type: "extendedAnalog", pin, value };
}
