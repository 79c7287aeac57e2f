/**
 * What modules that are shared with Node use of its globals, for a page: the bundle's build puts these in their place. As
 * much of `Buffer` as frames and greetings need.
 */
const UTF8 = new TextEncoder();

class PageBuffer extends Uint8Array {
  static alloc(length: number): PageBuffer {
    return new PageBuffer(length);
  }

  static allocUnsafe(length: number): PageBuffer {
    return new PageBuffer(length);
  }

  static isBuffer(value: unknown): value is PageBuffer {
    return value instanceof PageBuffer;
  }

  static byteLength(text: string): number {
    return UTF8.encode(text).length;
  }

  static compare(one: Uint8Array, other: Uint8Array): number {
    const length = Math.min(one.length, other.length);
    for (let at = 0; at < length; at++) {
      const difference = (one[at] ?? 0) - (other[at] ?? 0);
      if (difference !== 0) return Math.sign(difference);
    }
    return Math.sign(one.length - other.length);
  }

  copy(target: Uint8Array, at: number, from: number, to: number): void {
    target.set(this.subarray(from, to), at);
  }

  write(text: string, at: number): number {
    return UTF8.encodeInto(text, this.subarray(at)).written;
  }

  override toString(encoding?: string, from = 0, to = this.length): string {
    if (encoding === "base64url") return toBase64Url(this);
    const bytes = this.subarray(from, to);
    // Frames ask for Latin-1 only where all is ASCII, which is UTF-8 too.
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  }
}

// Beside the class: what `Uint8Array.from()` takes is something else.
Object.defineProperty(PageBuffer, "from", {
  value: (source: string | ArrayBuffer | Uint8Array, second?: number | string, length?: number) => {
    if (typeof source === "string") return second === "base64url" ? fromBase64Url(source) : encoded(source);
    if (source instanceof Uint8Array) return new PageBuffer(source);
    return new PageBuffer(source, typeof second === "number" ? second : 0, length);
  },
});

function encoded(text: string): PageBuffer {
  return new PageBuffer(UTF8.encode(text));
}

function toBase64Url(bytes: Uint8Array): string {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64Url(text: string): PageBuffer {
  const decoded = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = new PageBuffer(decoded.length);
  for (let at = 0; at < decoded.length; at++) bytes[at] = decoded.charCodeAt(at);
  return bytes;
}

function setPageImmediate(callback: () => void): ReturnType<typeof setTimeout> {
  return setTimeout(callback, 0);
}

function clearPageImmediate(timer: ReturnType<typeof setTimeout>): void {
  clearTimeout(timer);
}

export { clearPageImmediate as clearImmediate, PageBuffer as Buffer, setPageImmediate as setImmediate };
