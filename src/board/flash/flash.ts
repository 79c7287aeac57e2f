import type { Clock } from "../../core/clock.js";
import { CircuitError } from "../../core/error.js";
import type { SerialLink } from "../link/link.js";
import { BootLoader } from "./boot-loader.js";
import { chipOf } from "./chips.js";
import { type BootRate, bootRates, checkFit, PAGE_BYTES } from "./fit.js";
import type { HexImage } from "./hex.js";
import {
  ENTER_PROGRAMMING,
  hexAddress,
  LEAVE_PROGRAMMING,
  loadAddress,
  READ_SIGNATURE,
  readPage,
  writePage,
} from "./stk500.js";

/** How far flashing has come. */
export type FlashEvent =
  | { readonly type: "bootLoader"; readonly address: string; readonly baud: number; readonly chip: string }
  | { readonly type: "writing" | "comparing"; readonly bytes: number; readonly totalBytes: number }
  /** It was given up while the board has no whole firmware. */
  | { readonly type: "interrupted"; readonly text: string };

export interface FlashOptions {
  /** Makes the board's port, without opening it, at a rate. */
  readonly makePort: (baud: number) => SerialLink;
  readonly address: string;
  readonly image: HexImage;
  /** Names the image in messages. */
  readonly source: string;
  /** Whether the port is known to be an Uno's: then the image may have 1536 bytes more. */
  readonly isUno: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly report: (event: FlashEvent) => void;
}

/** What a person does after any failure. */
const AGAIN = "Flash it again: the boot loader is untouched and takes another image at any time";

/**
 * What stands at address 0 while the rest is written: a jump to itself. A board that is left half written stays there with
 * all its pins inputs, where parts of two images would do anything.
 */
const PARKED = new Uint8Array(PAGE_BYTES).fill(0xff);
PARKED.set([0xff, 0xcf]);

/**
 * Writes an image to an Uno or Nano, reads it back and compares every page. The board starts it then. The boot loader is
 * never written: whatever happens, the board can be flashed again.
 *
 * @throws {CircuitError} `FIRMWARE_INVALID` for an image that does not fit, `CHIP_REFUSED`, `BOARD_SILENT`, `BOARD_LOST`,
 *   `FLASH_FAILED`; what `ByteLink.open()` throws; the signal's own reason. Then nothing stays open.
 */
export async function flashBoard(options: FlashOptions): Promise<void> {
  const rates = bootRates(options.isUno);
  checkFit(options.image, options.source, Math.min(...rates.map(({ bootBytes }) => bootBytes)));
  const { loader, rate } = await findBootLoader(options, rates);
  try {
    const chip = chipOf(await loader.ask(READ_SIGNATURE), options.address);
    options.report({ type: "bootLoader", address: options.address, baud: rate.baud, chip });
    checkFit(options.image, options.source, rate.bootBytes);
    await loader.ask(ENTER_PROGRAMMING);
    await new Writing(loader, options).run();
    await loader.ask(LEAVE_PROGRAMMING);
  } finally {
    await loader.close();
  }
}

async function findBootLoader(
  { makePort, address, clock, signal }: FlashOptions,
  rates: readonly BootRate[],
): Promise<{ readonly loader: BootLoader; readonly rate: BootRate }> {
  let heardBytes = 0;
  for (const rate of rates) {
    const loader = new BootLoader({ port: makePort(rate.baud), clock, signal });
    const isThere = await loader.start().catch(async (error: unknown) => {
      await loader.close();
      throw error;
    });
    if (isThere) return { loader, rate };
    heardBytes += loader.heardBytes;
    await loader.close();
  }
  const heard =
    heardBytes === 0 ? "nothing was heard" : `${heardBytes} bytes were heard, no answer among them`;
  throw new CircuitError(
    "BOARD_SILENT",
    `Cannot flash ${address}: no boot loader answers at ${rates.map(({ baud }) => baud).join(" or ")} baud; ${heard}`,
    { hint: "See that it is an Uno or Nano, and press its reset button as the command starts." },
  );
}

/** The image on its way into program memory. */
class Writing {
  readonly #loader: BootLoader;
  readonly #options: FlashOptions;
  readonly #pages: readonly Uint8Array[];
  #writtenPages = 0;

  constructor(loader: BootLoader, options: FlashOptions) {
    this.#loader = loader;
    this.#options = options;
    const { bytes, endByte } = options.image;
    this.#pages = Array.from({ length: Math.ceil(endByte / PAGE_BYTES) }, (_, page) =>
      bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES),
    );
  }

  async run(): Promise<void> {
    try {
      // The first page last: what it leads to is whole and compared before it is there.
      await this.#write(0, PARKED);
      for (const [at, page] of this.#later()) {
        await this.#write(at, page);
        this.#writtenPages++;
        // With the parked one: that of the image follows when all others are known to be right.
        this.#report("writing", this.#writtenPages + 1);
      }
      let compared = 0;
      for (const [at, page] of this.#later()) {
        await this.#compare(at, page);
        compared++;
        this.#report("comparing", compared);
      }
      await this.#writeFirst();
    } catch (error) {
      throw this.#explain(error);
    }
  }

  async #writeFirst(): Promise<void> {
    const [first] = this.#pages;
    if (!first) return;
    await this.#write(0, first);
    this.#writtenPages++;
    await this.#compare(0, first);
    this.#report("comparing", this.#pages.length);
  }

  *#later(): Generator<[at: number, page: Uint8Array]> {
    for (const [index, page] of this.#pages.entries()) if (index > 0) yield [index * PAGE_BYTES, page];
  }

  async #write(at: number, page: Uint8Array): Promise<void> {
    await this.#loader.ask(loadAddress(at));
    await this.#loader.ask(writePage(page));
  }

  async #compare(at: number, page: Uint8Array): Promise<void> {
    await this.#loader.ask(loadAddress(at));
    const read = await this.#loader.ask(readPage(page.length));
    const wrong = page.filter((byte, index) => byte !== read[index]).length;
    if (wrong === 0) return;
    throw new CircuitError(
      "FLASH_FAILED",
      `Cannot flash ${this.#options.address}: the page at ${hexAddress(at)} reads back with ${wrong} of ${page.length} bytes wrong`,
    );
  }

  #report(type: "writing" | "comparing", pages: number): void {
    const totalBytes = this.#options.image.endByte;
    this.#options.report({ type, bytes: Math.min(pages * PAGE_BYTES, totalBytes), totalBytes });
  }

  /** With what to do about a board whose firmware is not whole. */
  #explain(error: unknown): unknown {
    const { address, image, signal, report } = this.#options;
    const written = `after ${Math.min(this.#writtenPages * PAGE_BYTES, image.endByte)} of ${image.endByte} bytes`;
    if (signal.aborted) {
      report({ type: "interrupted", text: `${address} was interrupted ${written}. ${AGAIN}.` });
      return error;
    }
    if (!(error instanceof CircuitError)) return error;
    return new CircuitError(error.code, `${error.message}, ${written}`, { hint: `${AGAIN}.`, cause: error });
  }
}
