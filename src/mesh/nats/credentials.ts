import { readFile } from "node:fs/promises";
import {
  type Authenticator,
  credsAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from "@nats-io/transport-node";
import { CircuitError } from "../../core/error.js";
import { describeFileProblem } from "../../core/file-problem.js";

/** Who this process is to a NATS server. Secrets are in files or come from the environment, never from arguments. */
export type NatsCredentials =
  /** Path of a `.creds` file. */
  | { readonly creds: string }
  /** Path of a file with the seed of an nkey. */
  | { readonly nkey: string }
  | { readonly token: string }
  | { readonly user: string; readonly password: string };

/**
 * What the environment says: `CIRCUIT_NATS_CREDS` and `CIRCUIT_NATS_NKEY` are paths, `CIRCUIT_NATS_TOKEN`,
 * `CIRCUIT_NATS_USER` and `CIRCUIT_NATS_PASSWORD` the secrets themselves; the first that is set counts.
 */
export function credentialsOf(
  env: Readonly<Record<string, string | undefined>>,
): NatsCredentials | undefined {
  const { CIRCUIT_NATS_CREDS: creds, CIRCUIT_NATS_NKEY: nkey, CIRCUIT_NATS_TOKEN: token } = env;
  if (creds) return { creds };
  if (nkey) return { nkey };
  if (token) return { token };
  const { CIRCUIT_NATS_USER: user, CIRCUIT_NATS_PASSWORD: password = "" } = env;
  return user ? { user, password } : undefined;
}

/**
 * Makes the library's authenticator. Files are read each time, so that renewed credentials count from the next
 * connection on.
 *
 * @throws {CircuitError} `FILE_FAILED`.
 */
export async function authenticatorOf(credentials: NatsCredentials): Promise<Authenticator> {
  if ("creds" in credentials) return credsAuthenticator(await read(credentials.creds));
  if ("nkey" in credentials) {
    const seed = Buffer.from(await read(credentials.nkey))
      .toString()
      .trim();
    return nkeyAuthenticator(Buffer.from(seed));
  }
  if ("token" in credentials) return tokenAuthenticator(credentials.token);
  return usernamePasswordAuthenticator(credentials.user, credentials.password);
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new CircuitError(
      "FILE_FAILED",
      `Cannot read the credentials ${path}: ${describeFileProblem(cause)}`,
      {
        hint: "Give the path of a file that this user may read.",
        cause,
      },
    );
  }
}
