import { CircuitError } from "../core/error.js";
import { CIRCUIT_COMMAND, COMMAND, SAFE_STATES, type SafeState, SYSEX } from "./protocol.js";
import { joinBytes, numberAt, splitBytes, splitNumber } from "./seven-bit.js";

/** A pin that is to be safe when the host falls silent. */
export interface SafePin {
  readonly pin: number;
  readonly state: SafeState;
}

/** What a host says to a board. */
export type ToBoard =
  | { readonly type: "queryVersion" | "reset" }
  | { readonly type: "queryFirmware" | "queryCapabilities" | "queryAnalogMapping" }
  | { readonly type: "queryPinState"; readonly pin: number }
  | { readonly type: "pinMode"; readonly pin: number; readonly mode: number }
  /** Levels of the eight pins of a port, lowest bit first. */
  | { readonly type: "digitalPort"; readonly port: number; readonly levels: number }
  | { readonly type: "digitalPin"; readonly pin: number; readonly level: number }
  | { readonly type: "reportDigital"; readonly port: number; readonly on: boolean }
  | { readonly type: "reportAnalog"; readonly channel: number; readonly on: boolean }
  /** A PWM or servo value for pins 0–15, 14 bits. */
  | { readonly type: "analog"; readonly pin: number; readonly value: number }
  /** A PWM or servo value for any pin, up to 28 bits. */
  | { readonly type: "extendedAnalog"; readonly pin: number; readonly value: number }
  | { readonly type: "samplingInterval"; readonly intervalMs: number }
  | { readonly type: "servoConfig"; readonly pin: number; readonly minUs: number; readonly maxUs: number }
  | { readonly type: "i2cConfig"; readonly delayUs: number }
  /** `flags`: mode in bits 3 and 4, 10-bit addressing in 5, restart in 6. */
  | {
      readonly type: "i2cRequest";
      readonly address: number;
      readonly flags: number;
      readonly data: readonly number[];
    }
  | { readonly type: "string"; readonly text: string }
  | { readonly type: "echo"; readonly on: boolean }
  /** Any number of seven bits, which comes back. */
  | { readonly type: "ping"; readonly number: number }
  /** The line's speed from the answer on: an index of `LINE_BAUDS`. */
  | { readonly type: "speed"; readonly code: number }
  /** Where pins go when nothing has come for `silenceMs`; 0 disarms. */
  | { readonly type: "safe"; readonly silenceMs: number; readonly pins: readonly SafePin[] }
  /** Starts a tone; a `durationMs` of 0 sounds until stopped. */
  | { readonly type: "tone"; readonly pin: number; readonly centihertz: number; readonly durationMs: number }
  | { readonly type: "noTone"; readonly pin: number }
  | { readonly type: "sysex"; readonly command: number; readonly data: readonly number[] };

/** The bytes of one message to a board. */
export function encodeToBoard(message: ToBoard): Uint8Array {
  return Uint8Array.from(bytesOf(message));
}

function bytesOf(message: ToBoard): number[] {
  switch (message.type) {
    case "queryVersion":
      return [COMMAND.reportVersion];
    case "reset":
      return [COMMAND.systemReset];
    case "pinMode":
      return [COMMAND.setPinMode, message.pin, message.mode];
    case "digitalPort":
      return [COMMAND.digitalMessage | message.port, ...splitNumber(message.levels, 2)];
    case "digitalPin":
      return [COMMAND.setDigitalPin, message.pin, message.level];
    case "reportDigital":
      return [COMMAND.reportDigital | message.port, Number(message.on)];
    case "reportAnalog":
      return [COMMAND.reportAnalog | message.channel, Number(message.on)];
    case "analog":
      return [COMMAND.analogMessage | message.pin, ...splitNumber(message.value, 2)];
    default: {
      const [command, data] = sysexOf(message);
      return [COMMAND.startSysex, command, ...data, COMMAND.endSysex];
    }
  }
}

type SysexToBoard = Exclude<
  ToBoard,
  {
    type:
      | "queryVersion"
      | "reset"
      | "pinMode"
      | "digitalPort"
      | "digitalPin"
      | "reportDigital"
      | "reportAnalog"
      | "analog";
  }
>;

function sysexOf(message: SysexToBoard): [command: number, data: readonly number[]] {
  switch (message.type) {
    case "queryFirmware":
      return [SYSEX.reportFirmware, []];
    case "queryCapabilities":
      return [SYSEX.capabilityQuery, []];
    case "queryAnalogMapping":
      return [SYSEX.analogMappingQuery, []];
    case "queryPinState":
      return [SYSEX.pinStateQuery, [message.pin]];
    case "extendedAnalog":
      return [
        SYSEX.extendedAnalog,
        [message.pin, ...splitNumber(message.value, message.value < 1 << 14 ? 2 : 4)],
      ];
    case "samplingInterval":
      return [SYSEX.samplingInterval, splitNumber(message.intervalMs, 2)];
    case "servoConfig":
      return [
        SYSEX.servoConfig,
        [message.pin, ...splitNumber(message.minUs, 2), ...splitNumber(message.maxUs, 2)],
      ];
    case "i2cConfig":
      return [SYSEX.i2cConfig, splitNumber(message.delayUs, 2)];
    case "i2cRequest":
      return [SYSEX.i2cRequest, [message.address, message.flags, ...splitBytes(message.data)]];
    case "string":
      return [SYSEX.stringData, splitBytes(new TextEncoder().encode(message.text))];
    case "echo":
      return [SYSEX.circuit, [CIRCUIT_COMMAND.echo, Number(message.on)]];
    case "ping":
      return [SYSEX.circuit, [CIRCUIT_COMMAND.ping, message.number]];
    case "speed":
      return [SYSEX.circuit, [CIRCUIT_COMMAND.speed, message.code]];
    case "safe": {
      const pins = message.pins.flatMap(({ pin, state }) => [pin, SAFE_STATES.indexOf(state)]);
      return [SYSEX.circuit, [CIRCUIT_COMMAND.safe, ...splitNumber(message.silenceMs, 2), ...pins]];
    }
    case "tone":
      return [
        SYSEX.tone,
        [message.pin, ...splitNumber(message.centihertz, 3), ...splitNumber(message.durationMs, 3)],
      ];
    case "noTone":
      return [SYSEX.tone, [message.pin]];
    case "sysex":
      return [message.command, message.data];
  }
}

/**
 * Reads one whole message to a board.
 *
 * @throws {CircuitError} `FIRMATA_INVALID` when the bytes are no message, or one that is cut short.
 */
export function decodeToBoard(frame: Uint8Array): ToBoard {
  const first = frame[0] ?? 0;
  const low = first & 0x0f;
  const [, second = 0, third = 0] = frame;
  if (first === COMMAND.startSysex) return decodeSysex(frame);
  if (first === COMMAND.reportVersion && frame.length === 1) return { type: "queryVersion" };
  if (first === COMMAND.systemReset && frame.length === 1) return { type: "reset" };
  const command = first < COMMAND.startSysex ? first & 0xf0 : first;
  const long = frame.length === 3;
  if (command === COMMAND.setPinMode && long) return { type: "pinMode", pin: second, mode: third };
  if (command === COMMAND.setDigitalPin && long) return { type: "digitalPin", pin: second, level: third & 1 };
  const value = numberAt(frame, 1, 2);
  if (command === COMMAND.digitalMessage && long) return { type: "digitalPort", port: low, levels: value };
  if (command === COMMAND.analogMessage && long) return { type: "analog", pin: low, value };
  const on = second !== 0;
  const short = frame.length === 2;
  if (command === COMMAND.reportDigital && short) return { type: "reportDigital", port: low, on };
  if (command === COMMAND.reportAnalog && short) return { type: "reportAnalog", channel: low, on };
  throw invalidFrame("to a board", frame);
}

function decodeSysex(frame: Uint8Array): ToBoard {
  if (frame.length < 3 || frame.at(-1) !== COMMAND.endSysex) throw invalidFrame("to a board", frame);
  const command = frame[1] ?? 0;
  const data = frame.subarray(2, -1);
  const known = SYSEX_READERS[command]?.(data);
  return known ?? { type: "sysex", command, data: [...data] };
}

/** Reads the inside of a system-exclusive message; `undefined` where it is not the shape that is known. */
type SysexReader = (data: Uint8Array) => ToBoard | undefined;

const SYSEX_READERS: Readonly<Record<number, SysexReader>> = {
  [SYSEX.reportFirmware]: (data) => (data.length === 0 ? { type: "queryFirmware" } : undefined),
  [SYSEX.capabilityQuery]: (data) => (data.length === 0 ? { type: "queryCapabilities" } : undefined),
  [SYSEX.analogMappingQuery]: (data) => (data.length === 0 ? { type: "queryAnalogMapping" } : undefined),
  [SYSEX.pinStateQuery]: ([pin]) => (pin === undefined ? undefined : { type: "queryPinState", pin }),
  [SYSEX.extendedAnalog]: (data) =>
    data.length < 3
      ? undefined
      : { type: "extendedAnalog", pin: data[0] ?? 0, value: numberAt(data, 1, Math.min(4, data.length - 1)) },
  [SYSEX.samplingInterval]: (data) =>
    data.length === 2 ? { type: "samplingInterval", intervalMs: numberAt(data, 0, 2) } : undefined,
  [SYSEX.servoConfig]: (data) =>
    data.length === 5
      ? { type: "servoConfig", pin: data[0] ?? 0, minUs: numberAt(data, 1, 2), maxUs: numberAt(data, 3, 2) }
      : undefined,
  [SYSEX.i2cConfig]: (data) =>
    data.length >= 2 ? { type: "i2cConfig", delayUs: numberAt(data, 0, 2) } : undefined,
  [SYSEX.i2cRequest]: (data) =>
    data.length >= 2
      ? { type: "i2cRequest", address: data[0] ?? 0, flags: data[1] ?? 0, data: joinBytes(data.subarray(2)) }
      : undefined,
  [SYSEX.stringData]: (data) => ({ type: "string", text: textOf(data) }),
  [SYSEX.circuit]: (data) => {
    const [command, value] = data;
    if (value === undefined) return undefined;
    if (command === CIRCUIT_COMMAND.echo) return { type: "echo", on: value !== 0 };
    if (command === CIRCUIT_COMMAND.ping) return { type: "ping", number: value };
    if (command === CIRCUIT_COMMAND.speed) return { type: "speed", code: value };
    return command === CIRCUIT_COMMAND.safe ? readSafe(data.subarray(1)) : undefined;
  },
  [SYSEX.tone]: (data) => {
    const [pin] = data;
    if (pin === undefined) return undefined;
    if (data.length === 1) return { type: "noTone", pin };
    if (data.length !== 7) return undefined;
    return { type: "tone", pin, centihertz: numberAt(data, 1, 3), durationMs: numberAt(data, 4, 3) };
  },
};

function readSafe(data: Uint8Array): ToBoard | undefined {
  if (data.length < 2 || data.length % 2 !== 0) return undefined;
  const pins: SafePin[] = [];
  for (let at = 2; at < data.length; at += 2) {
    const state = SAFE_STATES[data[at + 1] ?? SAFE_STATES.length];
    if (state === undefined) return undefined;
    pins.push({ pin: data[at] ?? 0, state });
  }
  return { type: "safe", silenceMs: numberAt(data, 0, 2), pins };
}

/** Text of a string message; what is no UTF-8 becomes a replacement character. */
export function textOf(data: Uint8Array): string {
  return new TextDecoder().decode(Uint8Array.from(joinBytes(data)));
}

export function invalidFrame(where: string, frame: Uint8Array): CircuitError {
  const bytes = Array.from(frame.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const more = frame.length > 16 ? " …" : "";
  return new CircuitError(
    "FIRMATA_INVALID",
    `Cannot read a message ${where}: ${frame.length} bytes, ${bytes}${more}`,
    {
      hint: "Pass one whole Firmata message.",
    },
  );
}
