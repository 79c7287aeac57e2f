import { readFile } from "node:fs/promises";

/** One file of the page. */
export interface Asset {
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** The files of the page by path: made by the build beside this file. */
const FILES: Readonly<Record<string, { readonly file: string; readonly contentType: string }>> = {
  "/": { file: "index.html", contentType: "text/html; charset=utf-8" },
  "/page.js": { file: "page.js", contentType: "text/javascript; charset=utf-8" },
  "/page.css": { file: "page.css", contentType: "text/css; charset=utf-8" },
  "/icon.svg": { file: "icon.svg", contentType: "image/svg+xml" },
};

const read = new Map<string, Promise<Uint8Array>>();

/** The file of the page at a path, where there is one. */
export async function findAsset(path: string): Promise<Asset | undefined> {
  const known = Object.hasOwn(FILES, path) ? FILES[path] : undefined;
  if (known === undefined) return undefined;
  const { file, contentType } = known;
  const bytes = read.get(file) ?? readFile(new URL(`./page/${file}`, import.meta.url));
  read.set(file, bytes);
  return { contentType, bytes: await bytes };
}
