import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { temporaryFolder } from "../temporary-folder.js";
import { skipWithout } from "../tools.js";

const CHROMIUM = "/usr/bin/chromium";

export const skipChromium = skipWithout("Chromium", CHROMIUM, ["--version"], "apt-get install chromium");

const FLAGS = [
  ..."--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking".split(" "),
  ..."--disable-component-update --disable-sync --disable-dev-shm-usage".split(" "),
];

/** What a page loads of ours. */
export const BUNDLE = new URL("../../browser/browser.mjs", import.meta.url);

const EMPTY = '<!doctype html><link rel="icon" href="data:,"><title>a page</title>';

/** A browser, and a server of pages that load the bundle. */
export interface Desk {
  readonly origin: string;
  /** An empty page of the origin, with all that the bundle exports in `circuit`. */
  open(origin?: string): Promise<Page>;
  close(): Promise<void>;
}

export async function openDesk(): Promise<Desk> {
  const bundle = readFileSync(BUNDLE);
  const example = readFileSync(new URL("../../../examples/phone-buzzer/index.html", import.meta.url));
  const server = createServer(({ url }, response) => {
    const isScript = url === "/browser.mjs";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    const page = url === "/phone-buzzer" ? example : EMPTY;
    response.end(isScript ? bundle : page);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // The cast: a listening TCP server has one.
  const { port } = server.address() as AddressInfo;
  const browser = await launch();
  return {
    origin: `http://127.0.0.1:${port}`,
    open: async (origin = `http://127.0.0.1:${port}`) => {
      const page = await browser.newPage();
      await load(page, origin);
      return page;
    },
    close: async () => {
      await browser.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Goes to a page of an origin, and loads the bundle there. */
export async function load(page: Page, origin: string): Promise<void> {
  await page.goto(origin);
  await page.evaluate(`import("/browser.mjs").then((circuit) => { globalThis.circuit = circuit; })`);
}

function launch(): Promise<BrowserContext> {
  const home = temporaryFolder();
  return chromium.launchPersistentContext(home, {
    executablePath: CHROMIUM,
    headless: true,
    args: FLAGS,
    env: { ...process.env, HOME: home },
  });
}
