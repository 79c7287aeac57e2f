import { messageOf } from "./error.js";

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "this user may not use it",
  EPERM: "this user may not use it",
};

/** Why a file could not be read or written, for the second half of a message; the system's words where none fits. */
export function describeFileProblem(thrown: unknown): string {
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  return PROBLEMS[code] ?? messageOf(thrown);
}
