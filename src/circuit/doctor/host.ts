import { type Finding, failure, ok, warning } from "./finding.js";
import type { Machine } from "./machine.js";

/** Oldest version of Node that circuit admits: that of package.json. */
const OLDEST_NODE = [20, 19] as const;

/** Services that open serial ports unasked, and what keeps them from that. */
const MEDDLERS: Readonly<Record<string, string>> = {
  ModemManager: "sudo systemctl disable --now ModemManager",
  brltty: "sudo apt-get remove brltty",
};

export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  const isNew = major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
  if (isNew) return ok("node", version);
  return failure("node", `${version} is too old`, `Install Node ${oldestMajor}.${oldestMinor} or newer.`);
}

/** Whether the system tells of ports; `undefined` where it does so by other means. */
export function checkUdev(platform: NodeJS.Platform, hasUdev: boolean): Finding | undefined {
  if (platform !== "linux") return undefined;
  if (hasUdev) return ok("udev", "tells of ports");
  return warning(
    "udev",
    "is not there: ports are read from the kernel's files, and names below /dev/serial are missing",
    "Nothing need be done in a container; elsewhere `sudo apt-get install udev`.",
  );
}

export async function checkMeddlers(machine: Machine): Promise<Finding> {
  const running = await machine.running(new Set(Object.keys(MEDDLERS)));
  const [first] = running;
  if (!first) return ok("services", "none that opens ports unasked is running");
  return warning(
    "services",
    `${running.map(({ name, pid }) => `${name} (${pid})`).join(" and ")} may open the port when the board is plugged in`,
    running.map(({ name }) => MEDDLERS[name]).join("; "),
  );
}
