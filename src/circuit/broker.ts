/** Where a NATS server listens that nobody has configured otherwise. */
const DEFAULT_PORT = 4_222;

/**
 * The NATS server that `__BROKER_HOST__` and `__BROKER_PORT__` name, as the original cluster had them; either may be left
 * out. `undefined` where both are.
 */
export function findBroker(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const { __BROKER_HOST__: host, __BROKER_PORT__: port } = env;
  if (!host && !port) return undefined;
  const name = host || "localhost";
  return `nats://${name.includes(":") ? `[${name}]` : name}:${port || DEFAULT_PORT}`;
}
