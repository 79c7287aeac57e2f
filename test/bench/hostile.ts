import { Crowd, framed, greeted, plain, silent, slowReader } from "../mesh/hostile/peers.js";
import { Scene } from "../mesh/hostile/scene.js";
import type { Row } from "./bench.js";

/** Connections of bad company, but for those that only wait. */
const FEW = 100;
const MANY = 4_000;

type Arrive = (port: number, share: number) => Promise<readonly Crowd[]>;

const COMPANIES: readonly (readonly [string, Arrive])[] = [
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
    `${MANY} connections`,
    async (port, share) => [
      await Crowd.of(Math.ceil((MANY * share) / 2), port, greeted),
      await Crowd.of(Math.ceil((MANY * share) / 2), port, plain),
    ],
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

/** What hostile peers cost the others. */
export const rows: readonly Row[] = COMPANIES.map(([company, arrive]) => ({
  claim: `a message beside ${company}`,
  unit: "ms",
  peer: "alone with the node",
  limit: { of: "ratio", atMost: 2 },
  ours: (share) => latencyMs(share, arrive),
  theirs: (share) => latencyMs(share),
}));
