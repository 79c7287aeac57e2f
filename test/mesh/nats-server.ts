import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { temporaryFolder } from "../temporary-folder.js";
import { skipWithout } from "../tools.js";

/** Debian's place of it may not be on a user's path. `CIRCUIT_NATS_SERVER` names another one. */
const PROGRAM = process.env.CIRCUIT_NATS_SERVER ?? "/usr/sbin/nats-server";

/** Whether the server is of the 2.9 series, which loses what a cluster has stored when one of it is killed. */
export function isOldServer(): boolean {
  return /v2\.9\./.test(spawnSync(PROGRAM, ["--version"], { encoding: "utf8" }).stdout);
}

export const skipWithoutNats = skipWithout(
  "nats-server",
  PROGRAM,
  ["--version"],
  "apt-get install nats-server",
);

/** Time for a server to start, in milliseconds; it takes 30. */
const START_MS = 10_000;

export interface NatsServerOptions {
  /** The system's choice where it is left out. */
  readonly port?: number;
  /** Lines of a configuration file. */
  readonly config?: string;
  readonly args?: readonly string[];
}

/** A NATS server of a test's own, on loopback. */
export interface NatsServer {
  readonly url: string;
  readonly port: number;
  /** Port for the other servers of its cluster, where it has one. */
  readonly clusterPort: number;
  /** Port for MQTT clients, where it has one. */
  readonly mqttPort: number;
  /** Lets it stand still, and go on. */
  pause(): void;
  resume(): void;
  /** Ends it at once, as a power cut would. Idempotent. */
  kill(): Promise<void>;
  /** Ends it as a service manager does: it writes down what it has. */
  stop(): Promise<void>;
}

export async function startNats({
  port = -1,
  config = "",
  args = [],
}: NatsServerOptions = {}): Promise<NatsServer> {
  const folder = temporaryFolder();
  const file = join(folder, "nats.conf");
  writeFileSync(file, config);
  const child = spawn(PROGRAM, ["-c", file, "-a", "127.0.0.1", "-p", String(port), ...args], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const gone = once(child, "exit");
  const late = setTimeout(() => child.kill("SIGKILL"), START_MS);
  const lines: string[] = [];
  let clientPort = 0;
  let clusterPort = 0;
  let mqttPort = 0;
  for await (const line of createInterface({ input: child.stderr })) {
    lines.push(line);
    clientPort = Number(/Listening for client connections on .*:(\d+)/.exec(line)?.[1] ?? clientPort);
    clusterPort = Number(/Listening for route connections on .*:(\d+)/.exec(line)?.[1] ?? clusterPort);
    mqttPort = Number(/Listening for MQTT clients on .*:(\d+)/.exec(line)?.[1] ?? mqttPort);
    if (clientPort > 0 && (config.includes("cluster") ? clusterPort > 0 : /Server is ready/.test(line)))
      break;
  }
  clearTimeout(late);
  child.stderr.resume();
  const kill = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await gone;
  };
  if (clientPort === 0) {
    await kill();
    throw new Error(`nats-server did not start:\n${lines.join("\n")}`);
  }
  return {
    url: `nats://127.0.0.1:${clientPort}`,
    port: clientPort,
    clusterPort,
    mqttPort,
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    kill,
    stop: async () => {
      child.kill("SIGTERM");
      await gone;
    },
  };
}

/** Configuration of a server that keeps events below a folder. */
export function keepingBelow(folder: string): string {
  return `jetstream { store_dir: "${folder}" }\n`;
}
