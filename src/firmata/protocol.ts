/**
 * The numbers of the Firmata protocol, version 2.6, and of the commands that our own firmware adds to it.
 *
 * Source: https://github.com/firmata/protocol (protocol.md, i2c.md, servos.md) and firmware/README.md.
 */

/** First bytes of messages. Those below 0xF0 carry a port, pin or channel in their low four bits. */
export const COMMAND = {
  digitalMessage: 0x90,
  /** Ours, board to host: a digital write has been executed. */
  echo: 0xa0,
  reportAnalog: 0xc0,
  reportDigital: 0xd0,
  analogMessage: 0xe0,
  startSysex: 0xf0,
  setPinMode: 0xf4,
  setDigitalPin: 0xf5,
  endSysex: 0xf7,
  reportVersion: 0xf9,
  systemReset: 0xff,
} as const;

/** Second bytes of messages that begin with `startSysex`. */
export const SYSEX = {
  /** Ours: see `CIRCUIT_COMMAND`. 0x01–0x0F are left to a firmware's own use. */
  circuit: 0x01,
  /** Ours: starts and stops a tone. */
  tone: 0x02,
  analogMappingQuery: 0x69,
  analogMappingResponse: 0x6a,
  capabilityQuery: 0x6b,
  capabilityResponse: 0x6c,
  pinStateQuery: 0x6d,
  pinStateResponse: 0x6e,
  extendedAnalog: 0x6f,
  servoConfig: 0x70,
  stringData: 0x71,
  i2cRequest: 0x76,
  i2cReply: 0x77,
  i2cConfig: 0x78,
  reportFirmware: 0x79,
  samplingInterval: 0x7a,
} as const;

/** First byte after `SYSEX.circuit`. All but `echo` came with version 1.1 of our firmware. */
export const CIRCUIT_COMMAND = { echo: 0x01, ping: 0x02, speed: 0x03, safe: 0x04, tripped: 0x05 } as const;

/** Speeds of our firmware's line, in baud, by their codes. It begins with the first. */
export const LINE_BAUDS = [57_600, 500_000, 1_000_000] as const;

/** What a pin goes to when the host falls silent: a level, or an input; in the order of their codes. */
export const SAFE_STATES = [0, 1, "input"] as const;
export type SafeState = (typeof SAFE_STATES)[number];

/** Silence after which our firmware can make pins safe, in milliseconds. */
export const FIRMWARE_SILENCE_MS = { shortest: 100, longest: 16_383 } as const;

/** What a pin can be. */
export const PIN_MODE = {
  input: 0x00,
  output: 0x01,
  analog: 0x02,
  pwm: 0x03,
  servo: 0x04,
  i2c: 0x06,
  pullup: 0x0b,
  tone: 0x0e,
} as const;

/** In an analog mapping: this pin has no analog channel. */
export const NO_ANALOG_CHANNEL = 0x7f;

/** Name under which our own firmware reports itself. */
export const CIRCUIT_FIRMWARE = "CircuitFirmata.ino";

/** Range of our firmware's tones, in hertz: firmware/README.md. */
export const FIRMWARE_TONE_HZ = { lowest: 31, highest: 5_000 } as const;

/** Echoes count writes modulo this: six bits of the message. */
export const ECHO_COUNT_MODULUS = 64;

/** Name of a pin mode for messages, `mode 0x05` for one that has none here. */
export function nameMode(mode: number): string {
  const known = Object.entries(PIN_MODE).find(([, value]) => value === mode);
  return known?.[0].toUpperCase() ?? `mode 0x${mode.toString(16).padStart(2, "0")}`;
}
