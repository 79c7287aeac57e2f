/** Cells of display memory in a line of two (HD44780U datasheet, table 2 and figure 5). */
const LINE_CELLS = 40;
/** Where the second line begins, in addresses. */
const SECOND_LINE = 0x40;

/** Instructions by their highest set bit (HD44780U datasheet, table 6). */
const CLEAR = 0x01;
const HOME = 0x02;
const ENTRY_MODE = 0x04;
const DISPLAY_CONTROL = 0x08;
const SHIFT = 0x10;
const FUNCTION_SET = 0x20;
const CGRAM_ADDRESS = 0x40;
const DDRAM_ADDRESS = 0x80;

/** Characters of ROM A00 that are not ASCII's; the first sixteen are the user's own, and shown as a box. */
const CHARACTERS: ReadonlyMap<number, string> = new Map([
  [0x5c, "¥"],
  [0x7e, "→"],
  [0x7f, "←"],
  [0xdf, "°"],
]);
const UNKNOWN = "\u25af";

/**
 * A Hitachi HD44780U with two lines of display memory, as its pins see it: nibbles in, text out.
 *
 * It takes no time for an instruction, and its own characters are all shown as one. Source: HD44780U datasheet
 * (ADE-207-272), tables 2, 4, 6, figures 9 and 24.
 */
export class CharacterDisplay {
  readonly #cells = new Uint8Array(2 * LINE_CELLS).fill(0x20);
  /** It starts with eight data lines, of which the lower four are not wired. */
  #hasFourLines = false;
  #high: number | undefined;
  #address = 0;
  #writesOwnCharacters = false;
  #step: 1 | -1 = 1;
  #shiftsOnEntry = false;
  #shift = 0;
  #isOn = false;

  /** Whether anything is shown. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** What is shown, whether or not it is on. @param columns Characters of a line. */
  lines(columns: number, rows: number): readonly string[] {
    return Array.from({ length: rows }, (_, row) => this.#line(row, columns));
  }

  /** Takes the four data lines at a falling edge of E. */
  clock(nibble: number, isData: boolean): void {
    if (!this.#hasFourLines) {
      this.#instruct(nibble << 4);
      return;
    }
    if (this.#high === undefined) {
      this.#high = nibble;
      return;
    }
    const value = (this.#high << 4) | nibble;
    this.#high = undefined;
    if (isData) this.#put(value);
    else this.#instruct(value);
  }

  /** Lines of four are two of two, each with its second half behind the first. */
  #line(row: number, columns: number): string {
    const base = (row % 2) * LINE_CELLS;
    const from = row < 2 ? 0 : columns;
    return Array.from({ length: columns }, (_, column) => {
      const at = (from + column + this.#shift + LINE_CELLS) % LINE_CELLS;
      return characterOf(this.#cells[base + at] ?? 0x20);
    }).join("");
  }

  #put(value: number): void {
    if (this.#writesOwnCharacters) return;
    const row = this.#address >= SECOND_LINE ? 1 : 0;
    const column = this.#address - row * SECOND_LINE;
    this.#cells[row * LINE_CELLS + (column % LINE_CELLS)] = value;
    this.#move(this.#step);
    if (this.#shiftsOnEntry) this.#scroll(this.#step);
  }

  #instruct(value: number): void {
    if (value >= DDRAM_ADDRESS) this.#goTo(value & 0x7f);
    else if (value >= CGRAM_ADDRESS) this.#writesOwnCharacters = true;
    else if (value >= FUNCTION_SET) this.#setFunction(value);
    else if (value >= SHIFT) this.#setPlace(value);
    else if (value >= DISPLAY_CONTROL) this.#isOn = (value & 0x04) !== 0;
    else if (value >= ENTRY_MODE) this.#setEntry(value);
    else if (value >= HOME) this.#home();
    else if (value >= CLEAR) this.#clear();
  }

  #setFunction(value: number): void {
    this.#hasFourLines = (value & 0x10) === 0;
    this.#high = undefined;
  }

  /** Moves the cursor, or what is shown: to the right, the memory's beginning comes later. */
  #setPlace(value: number): void {
    const isRight = (value & 0x04) !== 0;
    if (value & 0x08) this.#scroll(isRight ? -1 : 1);
    else this.#move(isRight ? 1 : -1);
  }

  #setEntry(value: number): void {
    this.#step = value & 0x02 ? 1 : -1;
    this.#shiftsOnEntry = (value & 0x01) !== 0;
  }

  #clear(): void {
    this.#cells.fill(0x20);
    this.#step = 1;
    this.#home();
  }

  #home(): void {
    this.#goTo(0);
    this.#shift = 0;
  }

  #goTo(address: number): void {
    this.#address = address;
    this.#writesOwnCharacters = false;
  }

  /** Moves the cursor; past the end of a line it goes on in the other. */
  #move(by: 1 | -1): void {
    const row = this.#address >= SECOND_LINE ? 1 : 0;
    const cells = 2 * LINE_CELLS;
    const at = (row * LINE_CELLS + this.#address - row * SECOND_LINE + by + cells) % cells;
    this.#address = at < LINE_CELLS ? at : SECOND_LINE + at - LINE_CELLS;
  }

  #scroll(by: 1 | -1): void {
    this.#shift = (this.#shift + by + LINE_CELLS) % LINE_CELLS;
  }
}

function characterOf(code: number): string {
  const known = CHARACTERS.get(code);
  if (known !== undefined) return known;
  return code >= 0x20 && code < 0x7e ? String.fromCharCode(code) : UNKNOWN;
}
