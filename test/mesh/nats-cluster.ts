import { type NatsServer, startNats } from "./nats-server.js";

/** Three servers of a test's own that know each other. */
export async function startCluster(): Promise<NatsServer[]> {
  const first = await startNats({ config: clusterOf([]) });
  const second = await startNats({ config: clusterOf([first]) });
  const third = await startNats({ config: clusterOf([first, second]) });
  return [first, second, third];
}

/** Configuration of a server that joins others. */
export function clusterOf(others: readonly Pick<NatsServer, "clusterPort">[]): string {
  const routes = others.map(({ clusterPort }) => `nats://127.0.0.1:${clusterPort}`).join(", ");
  return `cluster { name: circuit, host: "127.0.0.1", port: -1, routes: [${routes}] }`;
}
