import { spawnSync } from "node:child_process";

/**
 * Why a test that needs a program cannot run here, for `test(name, { skip })`; false where it can.
 *
 * In CI nothing is skipped: a missing program fails there.
 */
export function skipWithout(
  what: string,
  command: string,
  args: readonly string[],
  howToGetIt: string,
): string | false {
  if (process.env.CI) return false;
  const { status } = spawnSync(command, args, { stdio: "ignore" });
  return status === 0 ? false : `needs ${what}: ${howToGetIt}`;
}

/** Debian's Python, which has its package of websockets; another one on the path may not. */
export const PYTHON = process.platform === "linux" ? "/usr/bin/python3" : "python3";

export const skipWithoutPython = skipWithout("Python", PYTHON, ["--version"], "apt-get install python3");

export const skipWithoutPythonWebsockets = skipWithout(
  "Python with websockets",
  PYTHON,
  ["-c", "import websockets"],
  "apt-get install python3-websockets",
);
