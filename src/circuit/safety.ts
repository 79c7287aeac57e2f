import type { CircuitDefinition } from "../config/define.js";
import type { Clock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import { findRuntimeDirectory } from "../mesh/discovery/runtime-directory.js";
import { openSafety, type Safety } from "../mesh/ws/safety.js";

export interface MakeSafetyOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Takes what a person should know; never a secret. */
  readonly notice: (text: string) => void;
}

/**
 * Whom a circuit's nodes talk to: by the credentials of its configuration or of `CIRCUIT_CREDENTIALS`; without any,
 * those of this user on this machine.
 *
 * @throws {CircuitError} `CONFIG_INVALID`, `FILE_FAILED` or `ACCESS_DENIED`, as of `openSafety()`.
 */
export function makeSafety(
  { credentials, plain, anyone, tls, access, publish }: NonNullable<CircuitDefinition["security"]>,
  { env, clock, notice }: MakeSafetyOptions,
): Promise<Safety> {
  const path = credentials ?? (env.CIRCUIT_CREDENTIALS || undefined);
  if (path !== undefined && anyone === true) {
    throw new CircuitError("CONFIG_INVALID", `Cannot let anyone in: there are credentials, ${path}`, {
      hint: "Leave out either the credentials or --allow-anyone.",
    });
  }
  if (path === undefined && (access ?? publish) !== undefined) {
    const what = access ? "send" : "publish";
    throw new CircuitError("CONFIG_INVALID", `Cannot tell who may ${what}: there are no credentials`, {
      hint: "Name a file of credentials in CIRCUIT_CREDENTIALS, or in `security.credentials`.",
    });
  }
  const directory = findRuntimeDirectory(env);
  return openSafety({ credentials: path, directory, anyone, plain, access, publish, tls, clock, notice });
}
