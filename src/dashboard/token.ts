import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** 128 bits: nobody guesses it while the circuit runs. */
const TOKEN_BYTES = 16;

/** What a page shows to act. It travels in an address's fragment, which browsers keep to themselves. */
export class Token {
  readonly text: string;
  readonly #digest: Uint8Array;

  constructor(text: string = randomBytes(TOKEN_BYTES).toString("base64url")) {
    this.text = text;
    this.#digest = digestOf(text);
  }

  /** Whether somebody shows it, in constant time. */
  fits(shown: string | null): boolean {
    return shown !== null && timingSafeEqual(digestOf(shown), this.#digest);
  }
}

function digestOf(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
