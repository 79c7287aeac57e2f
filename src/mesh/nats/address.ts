import { CircuitError } from "../../core/error.js";

/** Servers that one address may list: a cluster tells its clients of the others. */
const MOST_SERVERS = 16;

/**
 * Checks the address of a NATS server, or several with commas between.
 *
 * @throws {CircuitError} `ADDRESS_INVALID`.
 */
export function parseServers(address: string): readonly string[] {
  const servers = address.split(",").map((server) => server.trim());
  const problem =
    servers.length > MOST_SERVERS
      ? `it lists ${servers.length} servers of at most ${MOST_SERVERS}`
      : servers.map(findProblem).find((found) => found !== undefined);
  if (problem === undefined) return servers.map((server) => server.replace(/\/$/, ""));
  // Not the address itself: it may hold a password.
  throw new CircuitError("ADDRESS_INVALID", `Cannot use the mesh's address: ${problem}`, {
    hint: "Write it like nats://127.0.0.1:4222, and give credentials in CIRCUIT_NATS_CREDS or CIRCUIT_NATS_NKEY.",
  });
}

function findProblem(server: string): string | undefined {
  if (!URL.canParse(server)) return "it is not a URL";
  const { protocol, username, password, pathname, search, hash, hostname } = new URL(server);
  if (protocol !== "nats:" && protocol !== "tls:") return `its scheme is ${protocol} instead of nats:`;
  if (username !== "" || password !== "") return "it has a user or a password, which others could read";
  if (hostname === "") return "it has no host";
  if ((pathname !== "" && pathname !== "/") || search !== "" || hash !== "")
    return "it has something after the port";
  return undefined;
}
