import { CIRCUIT_COMMAND, COMMAND, SYSEX } from "./protocol.js";
import { joinBytes, numberAt, splitBytes, splitNumber } from "./seven-bit.js";
import { invalidFrame, textOf } from "./to-board.js";

/** A mode that a pin can take, with the bits of its values. */
export interface PinCapability {
  readonly mode: number;
  readonly resolution: number;
}

/** What a board says to its host. */
export type ToHost =
  | { readonly type: "version"; readonly major: number; readonly minor: number }
  | { readonly type: "firmware"; readonly major: number; readonly minor: number; readonly name: string }
  /** A list of modes for each pin, from pin 0. */
  | { readonly type: "capabilities"; readonly pins: readonly (readonly PinCapability[])[] }
  /** The analog channel of each pin, from pin 0; `NO_ANALOG_CHANNEL` for none. */
  | { readonly type: "analogMapping"; readonly channels: readonly number[] }
  | { readonly type: "pinState"; readonly pin: number; readonly mode: number; readonly value: number }
  | { readonly type: "digitalPort"; readonly port: number; readonly levels: number }
  | { readonly type: "analog"; readonly channel: number; readonly value: number }
  | { readonly type: "string"; readonly text: string }
  | {
      readonly type: "i2cReply";
      readonly address: number;
      readonly register: number;
      readonly data: readonly number[];
    }
  /** Ours: all digital writes up to the `count`-th (modulo 64) are executed; `levels` as the port's outputs now. */
  | { readonly type: "echo"; readonly port: number; readonly levels: number; readonly count: number }
  /** Ours: echoes are on or off from here, and the count began at 0. */
  | { readonly type: "echoing"; readonly on: boolean }
  /** Ours: all that came before the ping of this number is executed. */
  | { readonly type: "pong"; readonly number: number }
  /** Ours: the line has this speed, an index of `LINE_BAUDS`, when the last bit of this message has left. */
  | { readonly type: "speed"; readonly code: number }
  /** Ours: so many pins go to their safe state when the host falls silent. */
  | { readonly type: "armed"; readonly count: number }
  /** Ours: the host was silent, the pins are safe, and are not made so again. */
  | { readonly type: "tripped" }
  | { readonly type: "sysex"; readonly command: number; readonly data: readonly number[] };

/** The bytes of one message to a host. */
export function encodeToHost(message: ToHost): Uint8Array {
  switch (message.type) {
    case "version":
      return Uint8Array.of(COMMAND.reportVersion, message.major, message.minor);
    case "digitalPort":
      return Uint8Array.of(COMMAND.digitalMessage | message.port, ...splitNumber(message.levels, 2));
    case "analog":
      return Uint8Array.of(COMMAND.analogMessage | message.channel, ...splitNumber(message.value, 2));
    case "echo":
      return Uint8Array.of(
        COMMAND.echo | message.port,
        message.levels & 0x7f,
        (message.levels >> 7) | (message.count << 1),
      );
    default: {
      const [command, data] = sysexOf(message);
      return Uint8Array.of(COMMAND.startSysex, command, ...data, COMMAND.endSysex);
    }
  }
}

type SysexToHost = Exclude<ToHost, { type: "version" | "digitalPort" | "analog" | "echo" }>;

function sysexOf(message: SysexToHost): [command: number, data: readonly number[]] {
  switch (message.type) {
    case "firmware":
      return [
        SYSEX.reportFirmware,
        [message.major, message.minor, ...splitBytes(new TextEncoder().encode(message.name))],
      ];
    case "capabilities":
      return [
        SYSEX.capabilityResponse,
        message.pins.flatMap((pin) => [...pin.flatMap(({ mode, resolution }) => [mode, resolution]), 0x7f]),
      ];
    case "analogMapping":
      return [SYSEX.analogMappingResponse, message.channels];
    case "pinState":
      return [
        SYSEX.pinStateResponse,
        [message.pin, message.mode, ...splitNumber(message.value, sevenBitLength(message.value))],
      ];
    case "string":
      return [SYSEX.stringData, splitBytes(new TextEncoder().encode(message.text))];
    case "i2cReply":
      return [
        SYSEX.i2cReply,
        [
          ...splitNumber(message.address, 2),
          ...splitNumber(message.register, 2),
          ...splitBytes(message.data),
        ],
      ];
    case "echoing":
      return [SYSEX.circuit, [CIRCUIT_COMMAND.echo, Number(message.on)]];
    case "pong":
      return [SYSEX.circuit, [CIRCUIT_COMMAND.ping, message.number]];
    case "speed":
      return [SYSEX.circuit, [CIRCUIT_COMMAND.speed, message.code]];
    case "armed":
      return [SYSEX.circuit, [CIRCUIT_COMMAND.safe, message.count]];
    case "tripped":
      return [SYSEX.circuit, [CIRCUIT_COMMAND.tripped]];
    case "sysex":
      return [message.command, message.data];
  }
}

function sevenBitLength(value: number): number {
  if (value < 1 << 7) return 1;
  return value < 1 << 14 ? 2 : 4;
}

/**
 * Reads one whole message to a host.
 *
 * @throws {CircuitError} `FIRMATA_INVALID` when the bytes are no message, or one that is cut short.
 */
export function decodeToHost(frame: Uint8Array): ToHost {
  const first = frame[0] ?? 0;
  if (first === COMMAND.startSysex) return decodeSysex(frame);
  const [, second = 0, third = 0] = frame;
  if (frame.length !== 3 || second > 0x7f || third > 0x7f) throw invalidFrame("to a host", frame);
  if (first === COMMAND.reportVersion) return { type: "version", major: second, minor: third };
  const value = second | (third << 7);
  switch (first & 0xf0) {
    case COMMAND.digitalMessage:
      return { type: "digitalPort", port: first & 0x0f, levels: value };
    case COMMAND.analogMessage:
      return { type: "analog", channel: first & 0x0f, value };
    case COMMAND.echo:
      return { type: "echo", port: first & 0x0f, levels: value & 0xff, count: value >> 8 };
    default:
      throw invalidFrame("to a host", frame);
  }
}

function decodeSysex(frame: Uint8Array): ToHost {
  if (frame.length < 3 || frame.at(-1) !== COMMAND.endSysex) throw invalidFrame("to a host", frame);
  const command = frame[1] ?? 0;
  const data = frame.subarray(2, -1);
  return SYSEX_READERS[command]?.(data) ?? { type: "sysex", command, data: [...data] };
}

/** Reads the inside of a system-exclusive message; `undefined` where it is not the shape that is known. */
type SysexReader = (data: Uint8Array) => ToHost | undefined;

const SYSEX_READERS: Readonly<Record<number, SysexReader>> = {
  [SYSEX.reportFirmware]: (data) =>
    data.length < 2
      ? undefined
      : { type: "firmware", major: data[0] ?? 0, minor: data[1] ?? 0, name: textOf(data.subarray(2)) },
  [SYSEX.capabilityResponse]: (data) => ({ type: "capabilities", pins: readCapabilities(data) }),
  [SYSEX.analogMappingResponse]: (data) => ({ type: "analogMapping", channels: [...data] }),
  [SYSEX.pinStateResponse]: (data) =>
    data.length < 3
      ? undefined
      : {
          type: "pinState",
          pin: data[0] ?? 0,
          mode: data[1] ?? 0,
          value: numberAt(data, 2, Math.min(4, data.length - 2)),
        },
  [SYSEX.stringData]: (data) => ({ type: "string", text: textOf(data) }),
  [SYSEX.circuit]: ([command, value]) => {
    if (command === CIRCUIT_COMMAND.tripped) return { type: "tripped" };
    if (value === undefined) return undefined;
    if (command === CIRCUIT_COMMAND.echo) return { type: "echoing", on: value !== 0 };
    if (command === CIRCUIT_COMMAND.ping) return { type: "pong", number: value };
    if (command === CIRCUIT_COMMAND.speed) return { type: "speed", code: value };
    return command === CIRCUIT_COMMAND.safe ? { type: "armed", count: value } : undefined;
  },
  [SYSEX.i2cReply]: (data) =>
    data.length < 4
      ? undefined
      : {
          type: "i2cReply",
          address: numberAt(data, 0, 2),
          register: numberAt(data, 2, 2),
          data: joinBytes(data.subarray(4)),
        },
};

function readCapabilities(data: Uint8Array): PinCapability[][] {
  const pins: PinCapability[][] = [];
  let pin: PinCapability[] = [];
  for (let at = 0; at < data.length; ) {
    const mode = data[at] ?? 0x7f;
    if (mode === 0x7f) {
      pins.push(pin);
      pin = [];
      at += 1;
    } else {
      pin.push({ mode, resolution: data[at + 1] ?? 0 });
      at += 2;
    }
  }
  return pins;
}
