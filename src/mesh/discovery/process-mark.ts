import { readFileSync } from "node:fs";

/** Tells a process from all others of this machine, also from a later one with the same number. */
export interface ProcessMark {
  readonly pid: number;
  /** The machine's boot and the moment in it at which the process began; where the system tells (Linux). */
  readonly started?: string;
}

/** This process. */
export function ownMark(): ProcessMark {
  const started = startOf(process.pid);
  return { pid: process.pid, ...(started !== undefined && { started }) };
}

/**
 * Whether a process runs, as far as this one can see: one in another container's process numbers looks gone, and
 * without a start time a successor looks the same ("unknown").
 */
export function lifeOf({ pid, started }: ProcessMark): "running" | "gone" | "unknown" {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, as another user.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return "gone";
  }
  const now = startOf(pid);
  if (started === undefined || now === undefined) return "unknown";
  return now === started ? "running" : "gone";
}

let machineBoot: string | undefined;

/** proc(5): after the name in parentheses come the state and, as the 22nd field of all, the start in clock ticks. */
function startOf(pid: number): string | undefined {
  try {
    machineBoot ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state] = fields;
    return state === "Z" ? "it has ended" : `${machineBoot}/${fields[19]}`;
  } catch {
    return undefined;
  }
}
