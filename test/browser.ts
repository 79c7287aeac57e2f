import type { TestContext } from "node:test";
import { type BrowserContext, chromium } from "playwright-core";
import { temporaryFolder } from "./temporary-folder.js";
import { skipWithout } from "./tools.js";

const CHROMIUM = "/usr/bin/chromium";

export const skipWithoutChromium = skipWithout(
  "Chromium",
  CHROMIUM,
  ["--version"],
  "apt-get install chromium",
);

/** Nobody's name (RFC 2606), which resolves to this machine in these browsers: what a rebound name does. */
export const REBOUND = "desk.example";

const FLAGS = [
  ..."--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking".split(" "),
  ..."--disable-component-update --disable-sync --disable-dev-shm-usage".split(" "),
  `--host-resolver-rules=MAP ${REBOUND} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1`,
];

/** A real browser with a home of its own, which is closed after the test. */
export async function openBrowser(
  context: Pick<TestContext, "after">,
  options: NonNullable<Parameters<typeof chromium.launchPersistentContext>[1]> = {},
): Promise<BrowserContext> {
  const home = temporaryFolder();
  const browser = await chromium.launchPersistentContext(home, {
    executablePath: CHROMIUM,
    headless: true,
    args: FLAGS,
    env: { ...process.env, HOME: home },
    ...options,
  });
  context.after(() => browser.close());
  return browser;
}
