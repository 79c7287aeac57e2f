import { LINE_BAUDS, nameMode } from "./protocol.js";
import type { ToBoard } from "./to-board.js";
import type { ToHost } from "./to-host.js";

/** What a host says to a board, in words: `pin 13 to OUTPUT`. */
export function describeToBoard(message: ToBoard): string {
  switch (message.type) {
    case "digitalPort":
      return `port ${message.port} ${bits(message.levels)}`;
    case "digitalPin":
      return describeLevel(message.pin, message.level);
    case "pinMode":
      return `pin ${message.pin} to ${nameMode(message.mode)}`;
    case "analog":
    case "extendedAnalog":
      return `pin ${message.pin} to ${message.value}`;
    case "servoConfig":
      return `pin ${message.pin} a servo of ${message.minUs} to ${message.maxUs} µs`;
    case "tone": {
      const length = message.durationMs > 0 ? ` for ${message.durationMs} ms` : "";
      return `tone of ${message.centihertz / 100} Hz on pin ${message.pin}${length}`;
    }
    case "noTone":
      return `no tone on pin ${message.pin}`;
    case "reportDigital":
      return `reports of port ${message.port} ${onOff(message.on)}`;
    case "reportAnalog":
      return `reports of A${message.channel} ${onOff(message.on)}`;
    default:
      return describeRest(message);
  }
}

type Rest<Message extends { readonly type: string }, Told extends string> = Exclude<
  Message,
  { readonly type: Told }
>;

function describeRest(
  message: Rest<
    ToBoard,
    | ("digitalPort" | "digitalPin" | "pinMode" | "analog" | "extendedAnalog" | "servoConfig" | "tone")
    | ("noTone" | "reportDigital" | "reportAnalog")
  >,
): string {
  switch (message.type) {
    case "queryVersion":
      return "which version?";
    case "queryFirmware":
      return "which firmware?";
    case "queryCapabilities":
      return "what can the pins do?";
    case "queryAnalogMapping":
      return "which pins are analog?";
    case "queryPinState":
      return `how is pin ${message.pin}?`;
    case "reset":
      return "reset";
    case "samplingInterval":
      return `analog samples every ${message.intervalMs} ms`;
    case "i2cConfig":
      return `I2C with a delay of ${message.delayUs} µs`;
    case "i2cRequest": {
      const what = (message.flags & 0b1_1000) === 0 ? "write to" : "read from";
      return `I2C ${what} ${hexByte(message.address)}: ${hexOf(message.data)}`;
    }
    case "string":
      return `text ${JSON.stringify(message.text)}`;
    case "echo":
      return `echoes ${onOff(message.on)}`;
    case "ping":
      return `ping ${message.number}`;
    case "speed":
      return `line to ${baudOf(message.code)}`;
    case "safe": {
      if (message.pins.length === 0) return "no pins to make safe";
      const pins = message.pins.map(({ pin, state }) => `${pin} ${levelName(state)}`).join(", ");
      return `after ${message.silenceMs} ms of silence pins ${pins}`;
    }
    case "sysex":
      return `message ${hexByte(message.command)}: ${hexOf(message.data)}`;
  }
}

/** What a board says to its host, in words: `A0 is 512`. */
export function describeToHost(message: ToHost): string {
  switch (message.type) {
    case "version":
      return `Firmata ${message.major}.${message.minor}`;
    case "firmware":
      return `firmware ${message.name} ${message.major}.${message.minor}`;
    case "capabilities":
      return `what ${message.pins.length} pins can do`;
    case "analogMapping":
      return `which of ${message.channels.length} pins are analog`;
    case "pinState":
      return `pin ${message.pin} is ${nameMode(message.mode)}, ${message.value}`;
    case "digitalPort":
      return `port ${message.port} reads ${bits(message.levels)}`;
    case "analog":
      return `A${message.channel} is ${message.value}`;
    case "string":
      return `text ${JSON.stringify(message.text)}`;
    case "i2cReply":
      return `I2C from ${hexByte(message.address)}, register ${message.register}: ${hexOf(message.data)}`;
    case "echo":
      return `executed write ${message.count}: port ${message.port} ${bits(message.levels)}`;
    case "echoing":
      return `echoes are ${onOff(message.on)}`;
    case "pong":
      return `pong ${message.number}`;
    case "speed":
      return `line is at ${baudOf(message.code)}`;
    case "armed":
      return `${message.count} pins are to be made safe`;
    case "tripped":
      return "the host was silent, the pins are safe";
    case "sysex":
      return `message ${hexByte(message.command)}: ${hexOf(message.data)}`;
  }
}

/** `pin 13 high`. */
export function describeLevel(pin: number, level: number): string {
  return `pin ${pin} ${levelName(level)}`;
}

function levelName(level: number | string): string {
  if (typeof level === "string") return level;
  return level === 0 ? "low" : "high";
}

function onOff(on: boolean): string {
  return on ? "on" : "off";
}

/** Eight pins, the lowest last. */
function bits(levels: number): string {
  return (levels & 0xff).toString(2).padStart(8, "0");
}

function baudOf(code: number): string {
  const baud = LINE_BAUDS[code];
  return baud === undefined ? `speed ${code}` : `${baud} baud`;
}

function hexByte(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}

/** Bytes of a message that are shown. */
const SHOWN_BYTES = 16;

function hexOf(data: readonly number[]): string {
  const shown = data.slice(0, SHOWN_BYTES).map((byte) => byte.toString(16).padStart(2, "0"));
  if (shown.length === 0) return "nothing";
  return data.length > SHOWN_BYTES ? `${shown.join(" ")} … (${data.length} bytes)` : shown.join(" ");
}
