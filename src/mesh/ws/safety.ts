import type { Clock } from "../../core/clock.js";
import { CircuitError, messageOf } from "../../core/error.js";
import { MachineSecret, ownSecret } from "../discovery/machine-secret.js";
import type { AccessRules, PublishRules } from "../safety/access.js";
import { Credentials } from "../safety/credentials.js";
import type { Keyring } from "../safety/keyring.js";
import { Refusals } from "../safety/refusals.js";
import { Trust } from "../safety/trust.js";
import { Tls, type TlsFiles } from "./tls.js";

export interface SafetyOptions {
  /** Path of the credentials. */
  readonly credentials?: string | undefined;
  /** See `findRuntimeDirectory()`: holds what peers of this machine prove where there are no credentials. */
  readonly directory?: string | undefined;
  readonly anyone?: boolean | undefined;
  readonly plain?: boolean | undefined;
  readonly access?: AccessRules | undefined;
  readonly publish?: PublishRules | undefined;
  readonly tls?: TlsFiles | undefined;
  readonly clock: Clock;
  /** Takes what a person should know; never a secret. */
  readonly notice: (text: string) => void;
}

/** Whom the nodes of a mesh talk to, and how; what it is made of follows its files until it is closed. */
export interface Safety {
  readonly trust: Trust;
  readonly tls: Tls | undefined;
  /** Looks whether files have changed, now. Never rejects. */
  look(): Promise<void>;
  /** Idempotent. */
  close(): void;
}

/**
 * Opens what a mesh's safety is made of.
 *
 * @throws {CircuitError} `CONFIG_INVALID`, `FILE_FAILED` or `ACCESS_DENIED` for credentials and certificates that
 *   cannot be used.
 */
export async function openSafety(options: SafetyOptions): Promise<Safety> {
  const { credentials: path, directory, anyone = false, plain = true, access, clock, notice } = options;
  const shared = { clock, notice };
  const parts: Pick<Safety, "look" | "close">[] = [];
  const keep = <Part extends Pick<Safety, "look" | "close">>(part: Part): Part => {
    parts.push(part);
    return part;
  };
  const close = () => {
    for (const part of parts) part.close();
  };
  try {
    const credentials = path === undefined ? undefined : keep(await Credentials.open(path, shared));
    const machine =
      credentials || directory === undefined
        ? undefined
        : await findMachineSecret(directory, { ...shared, keep });
    const tls = options.tls && keep(await Tls.open(options.tls, shared));
    const refusals = new Refusals(clock, notice);
    const trust = new Trust({
      anyone,
      plain,
      ...(credentials && { credentials }),
      ...(machine && { machine }),
      ...(access && { access }),
      ...(options.publish && { publish: options.publish }),
      refused: (refusal) => refusals.tell(refusal),
    });
    const look = async () => {
      await Promise.all(parts.map((part) => part.look()));
    };
    return { trust, tls, look, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** The machine's secret; where it cannot be had, nodes go on, and let other processes in by the plain protocol only. */
async function findMachineSecret(
  directory: string,
  {
    clock,
    notice,
    keep,
  }: Pick<SafetyOptions, "clock" | "notice"> & { keep(part: MachineSecret): MachineSecret },
): Promise<Keyring> {
  try {
    return keep(await MachineSecret.open(directory, clock));
  } catch (error) {
    const hint = error instanceof CircuitError && error.hint !== undefined ? `. ${error.hint}` : "";
    notice(`${messageOf(error)}; other processes cannot prove to be this user's${hint}`);
    return ownSecret();
  }
}
