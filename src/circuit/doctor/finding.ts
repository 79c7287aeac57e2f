/** What was found out about one thing between a person and a blinking LED. */
export interface Finding {
  readonly check: string;
  readonly state: "ok" | "warning" | "error";
  readonly text: string;
  /** What mends it: a command where there is one. */
  readonly mend?: string;
  /** The board is not there, or does not answer. */
  readonly isUnreachable?: boolean;
}

export function ok(check: string, text: string): Finding {
  return { check, state: "ok", text };
}

export function warning(check: string, text: string, mend: string): Finding {
  return { check, state: "warning", text, mend };
}

export function failure(check: string, text: string, mend: string): Finding {
  return { check, state: "error", text, mend };
}
