import { spawnSync } from "node:child_process";
import { Crowd, framed, greeted, plain, silent, slowReader } from "../mesh/hostile/peers.js";
import { Scene } from "../mesh/hostile/scene.js";
import type { Row } from "./bench.js";

/** Connections of bad company, but for those that only wait. */
const FEW = 100;
const MANY = 10_000;

/** Files that are open at the same time besides connections, here and in the node's process. */
const OTHER_FILES = 100;

type Arrive = (port: number, share: number) => Promise<readonly Crowd[]>;

const COMPANIES: readonly (readonly [what: string, arrive: Arrive, missing?: () => string | undefined])[] = [
  [
    `${FEW} peers that never read`,
    async (port, share) => [await Crowd.of(Math.ceil(FEW * share), port, slowReader)],
  ],
  [
    `${FEW} peers that say a byte at a time, or nothing`,
    async (port, share) => {
      const count = Math.ceil((FEW * share) / 4);
      return [
        (await Crowd.of(count, port, silent)).trickle("GET / HTTP/1.1\r\nHost: x\r\nX: "),
        (await Crowd.of(count, port, framed)).trickle("\x82\xfe\xff\xff"),
        await Crowd.of(count, port, silent),
        await Crowd.of(count, port, framed),
      ];
    },
  ],
  [
    `${MANY.toLocaleString("en").replaceAll(",", " ")} connections`,
    async (port, share) => [
      await Crowd.of(Math.ceil((MANY * share) / 2), port, greeted),
      await Crowd.of(Math.ceil((MANY * share) / 2), port, plain),
    ],
    missingFiles,
  ],
];

/** The median time of a message of a well-behaved peer, in milliseconds. */
async function latencyMs(share: number, arrive?: Arrive): Promise<number> {
  const cleanUps: (() => unknown)[] = [];
  try {
    const scene = await Scene.open(
      { after: (cleanUp) => void cleanUps.push(cleanUp) },
      { connections: MANY + 2 },
    );
    const crowds = (await arrive?.(scene.port, share)) ?? [];
    cleanUps.push(() => {
      for (const crowd of crowds) crowd.leave();
    });
    await scene.latencyMs();
    return await scene.latencyMs(Math.ceil(400 * share));
  } finally {
    for (const cleanUp of cleanUps) await cleanUp();
  }
}

/** Node asks for as many files as it may have. */
function missingFiles(): string | undefined {
  const most = spawnSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" }).stdout.trim();
  const wanted = MANY + OTHER_FILES;
  return Number(most) < wanted ? `a process may open ${most} files, and it takes ${wanted}` : undefined;
}

/** What hostile peers cost the others. */
export const rows: readonly Row[] = COMPANIES.map(([company, arrive, missing]) => ({
  claim: `a message beside ${company}`,
  unit: "ms",
  peer: "alone with the node",
  limit: { of: "ratio", atMost: 2 },
  ours: (share) => latencyMs(share, arrive),
  theirs: (share) => latencyMs(share),
  ...(missing && { missing }),
}));
