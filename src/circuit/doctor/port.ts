import { realpath } from "node:fs/promises";
import { type Finding, failure, ok, warning } from "./finding.js";
import type { Machine } from "./machine.js";

/** Whether a serial port is there, may be used, and is free. It ends with the first that fails. */
export async function* checkPort(path: string, machine: Machine): AsyncGenerator<Finding> {
  const isThere = await realpath(path).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    const missing = failure(
      "port",
      `${path} is not there`,
      "Plug the board in, and look with `circuit boards`.",
    );
    yield { ...missing, isUnreachable: true };
    return;
  }
  yield ok("port", path);
  if (await machine.mayUse(path)) {
    yield ok("access", "this user may use it");
  } else {
    const group = await machine.groupOf(path);
    yield failure(
      "access",
      `this user may not use it: it belongs to the group ${group}`,
      `sudo usermod -aG ${group} $USER, and log in again`,
    );
    return;
  }
  const holders = (await machine.holding(path)).filter(({ pid }) => pid !== process.pid);
  if (holders.length === 0) yield ok("holder", "nobody has it open, as far as this user sees");
  else
    yield warning(
      "holder",
      `${holders.map(({ name, pid }) => `${name} (${pid})`).join(" and ")} has it open`,
      `Close it, or: kill ${holders.map(({ pid }) => pid).join(" ")}`,
    );
}
