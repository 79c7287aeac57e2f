import type { Attachment } from "../wiring/attachments.js";
import { CharacterDisplay } from "./character-display.js";
import { netOf, type Part, type PartState, type PinDriver, pinOf } from "./part.js";
import { SCL_PIN, SDA_PIN } from "./pins.js";

/** Bits of the PCF8574 on the display's back; its upper four are the display's data lines. */
const REGISTER_SELECT = 0x01;
const ENABLE = 0x04;
const BACKLIGHT = 0x08;

/** Wokwi's own where `i2cAddress` says nothing, and of most such displays. */
const USUAL_ADDRESS = 0x27;

/** A character display with an I2C backpack: a PCF8574 whose pins are the display's. */
export class Lcd implements Part {
  readonly pin = undefined;
  readonly address: number | undefined;
  readonly #id: string;
  readonly #columns: number;
  readonly #rows: number;
  readonly #display = new CharacterDisplay();
  /** All high at power-on (PCF8574 datasheet, 9.1). */
  #latch = 0xff;

  constructor({ part, type, attrs, terminals }: Attachment, driver: PinDriver) {
    this.#id = part;
    const isLarge = type === "wokwi-lcd2004";
    this.#columns = isLarge ? 20 : 16;
    this.#rows = isLarge ? 4 : 2;
    const isWired = pinOf(netOf(terminals.SDA)) === SDA_PIN && pinOf(netOf(terminals.SCL)) === SCL_PIN;
    const address = Number(attrs.i2cAddress ?? USUAL_ADDRESS);
    this.address = isWired && address > 0 && address < 0x80 ? address : undefined;
    if (this.address !== undefined) driver.answerTo(this.address);
  }

  wrote(value: number): void {
    const falls = (this.#latch & ENABLE) !== 0 && (value & ENABLE) === 0;
    this.#latch = value;
    if (falls) this.#display.clock(value >> 4, (value & REGISTER_SELECT) !== 0);
  }

  state(): PartState {
    return {
      type: "lcd",
      id: this.#id,
      lines: this.#display.lines(this.#columns, this.#rows),
      isOn: this.#display.isOn,
      isLit: (this.#latch & BACKLIGHT) !== 0,
    };
  }
}
