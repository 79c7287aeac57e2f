import type { ToBoard } from "../firmata/to-board.js";
import type { ToHost } from "../firmata/to-host.js";

/** What is to be answered of what a host says: the same text as `answeredBy()` gives its answer; `undefined` where nothing is. */
export function questionOf(message: ToBoard): string | undefined {
  switch (message.type) {
    case "queryVersion":
      return "version";
    case "queryFirmware":
      return "firmware";
    case "queryCapabilities":
      return "capabilities";
    case "queryAnalogMapping":
      return "analogMapping";
    case "queryPinState":
      return `pinState ${message.pin}`;
    case "ping":
      return "pong";
    case "speed":
      return "speed";
    case "echo":
      return "echoing";
    case "safe":
      return "armed";
    case "digitalPort":
    case "digitalPin":
      return "echo";
    case "reportDigital":
      return message.on ? `port ${message.port}` : undefined;
    case "i2cRequest":
      return `i2c ${message.address}`;
    default:
      return undefined;
  }
}

/** What a board's message answers, where it may be an answer. */
export function answeredBy(message: ToHost): string | undefined {
  switch (message.type) {
    case "pinState":
      return `pinState ${message.pin}`;
    case "digitalPort":
      return `port ${message.port}`;
    case "i2cReply":
      return `i2c ${message.address}`;
    case "analog":
    case "string":
    case "tripped":
    case "sysex":
      return undefined;
    default:
      return message.type;
  }
}
