/** A place in pixels of Wokwi's editor, 96 to the inch, y downwards. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** What circuit knows of a kind of part. */
export interface PartType {
  /** Wokwi's name for it. */
  readonly type: string;
  /** Size of its picture before it is rotated, in pixels. */
  readonly width: number;
  readonly height: number;
  /** Where each pin is, from the picture's top left, in the order in which they are listed. */
  readonly pins: ReadonlyMap<string, Point>;
  /** Pins that are one piece of metal inside the part. */
  readonly joined: readonly (readonly string[])[];
}

export const UNO = "wokwi-arduino-uno";
export const LED = "wokwi-led";
export const RESISTOR = "wokwi-resistor";
export const BUZZER = "wokwi-buzzer";
export const BUTTON = "wokwi-pushbutton";
export const POTENTIOMETER = "wokwi-potentiometer";
export const SERVO = "wokwi-servo";
export const RELAY = "wokwi-relay-module";
export const THERMISTOR = "wokwi-ntc-temperature-sensor";
/** With an I2C backpack: its attribute `pins` is `i2c`. */
export const LCD = "wokwi-lcd1602";

const TOP_HEADER_Y = 9;
const BOTTOM_HEADER_Y = 191.5;

// Names, sizes and places of pins are those of @wokwi/elements 1.9 (`pinInfo` of each element), so that a
// picture of ours and Wokwi's own have the same wires. It has no relay module: of that only the names are
// Wokwi's (docs.wokwi.com/parts/wokwi-relay-module).
const UNO_TOP: readonly [string, number][] = [
  ["A5.2", 87],
  ["A4.2", 97],
  ["AREF", 106],
  ["GND.1", 115.5],
  ["13", 125],
  ["12", 134.5],
  ["11", 144],
  ["10", 153.5],
  ["9", 163],
  ["8", 173],
  ["7", 189],
  ["6", 198.5],
  ["5", 208],
  ["4", 217.5],
  ["3", 227],
  ["2", 236.5],
  ["1", 246],
  ["0", 255.5],
];
const UNO_BOTTOM: readonly [string, number][] = [
  ["IOREF", 131],
  ["RESET", 140.5],
  ["3.3V", 150],
  ["5V", 160],
  ["GND.2", 169.5],
  ["GND.3", 179],
  ["VIN", 188.5],
  ["A0", 208],
  ["A1", 217.5],
  ["A2", 227],
  ["A3", 236.5],
  ["A4", 246],
  ["A5", 255.5],
];

type PinRow = readonly [name: string, x: number, y: number];

function partType(
  type: string,
  [width, height]: readonly [number, number],
  pins: readonly PinRow[],
  joined: readonly (readonly string[])[] = [],
): PartType {
  return { type, width, height, pins: new Map(pins.map(([name, x, y]) => [name, { x, y }])), joined };
}

const KNOWN: ReadonlyMap<string, PartType> = new Map(
  [
    partType(
      UNO,
      [274.3, 201.6],
      [
        ...UNO_TOP.map(([name, x]): PinRow => [name, x, TOP_HEADER_Y]),
        ...UNO_BOTTOM.map(([name, x]): PinRow => [name, x, BOTTOM_HEADER_Y]),
      ],
      [
        ["GND.1", "GND.2", "GND.3"],
        ["A4", "A4.2"],
        ["A5", "A5.2"],
      ],
    ),
    partType(
      LED,
      [40, 50],
      [
        ["A", 25, 42],
        ["C", 15, 42],
      ],
    ),
    partType(
      RESISTOR,
      [58.8, 11.3],
      [
        ["1", 0, 5.65],
        ["2", 58.8, 5.65],
      ],
    ),
    partType(
      BUZZER,
      [75, 84],
      [
        ["1", 27, 84],
        ["2", 37, 84],
      ],
    ),
    partType(
      BUTTON,
      [67, 45],
      [
        ["1.l", 0, 13],
        ["2.l", 0, 32],
        ["1.r", 67, 13],
        ["2.r", 67, 32],
      ],
      [
        ["1.l", "1.r"],
        ["2.l", "2.r"],
      ],
    ),
    partType(
      POTENTIOMETER,
      [75.6, 75.6],
      [
        ["GND", 29, 68.5],
        ["SIG", 39, 68.5],
        ["VCC", 49, 68.5],
      ],
    ),
    partType(
      SERVO,
      [170, 119.5],
      [
        ["GND", 0, 50],
        ["V+", 0, 59.5],
        ["PWM", 0, 69],
      ],
    ),
    partType(
      RELAY,
      [140, 66],
      [
        ["VCC", 0, 23.5],
        ["GND", 0, 33],
        ["IN", 0, 42.5],
        ["NO", 140, 19],
        ["COM", 140, 33],
        ["NC", 140, 47],
      ],
    ),
    partType(
      THERMISTOR,
      [135.4, 71.8],
      [
        ["GND", 135, 26.2],
        ["VCC", 135, 35.8],
        ["OUT", 135, 45.5],
      ],
    ),
    partType(
      LCD,
      [302.4, 136],
      [
        ["GND", 4, 32],
        ["VCC", 4, 41.5],
        ["SDA", 4, 51],
        ["SCL", 4, 60.5],
      ],
    ),
  ].map((known) => [known.type, known]),
);

/** The kind of part of this name, where circuit knows it. */
export function findPartType(type: string): PartType | undefined {
  return KNOWN.get(type);
}

/** The names of all pins of an Uno as a sketch sees them, without Wokwi's numbers for equal ones. */
export function unoPinName(pin: string): string {
  return /^(GND|A4|A5)\.\d$/.exec(pin)?.[1] ?? pin;
}

/** The number by which Firmata and Johnny-Five know a pin of an Uno, where it is one that a program may use. */
export function findPinNumber(unoPin: string): number | undefined {
  if (/^([0-9]|1[0-3])$/.test(unoPin)) return Number(unoPin);
  const analog = /^A([0-5])$/.exec(unoPinName(unoPin))?.[1];
  return analog === undefined ? undefined : FIRST_ANALOG_PIN + Number(analog);
}

/** A0's number on an Uno: the analog pins follow the digital ones. */
export const FIRST_ANALOG_PIN = 14;
