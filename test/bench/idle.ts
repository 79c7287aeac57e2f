import { fileURLToPath } from "node:url";
import { type Row, Running } from "./bench.js";

const END = fileURLToPath(new URL("./idle-end.js", import.meta.url));

/** Fewer do not show what grows with their number. */
const CONNECTIONS = 5_000;

async function bytesEach(kind: "ours" | "ws", share: number): Promise<number> {
  const connections = Math.ceil(CONNECTIONS * share);
  const measuring = new Running({
    command: process.execPath,
    args: ["--expose-gc", END, kind, `${connections}`],
  });
  const bytes = Number(await measuring.line());
  await measuring.ended();
  return bytes;
}

/** What a framed connection that says nothing costs its node, over one of ws alone. */
export const rows: readonly Row[] = [
  {
    claim: `an idle framed link, of ${CONNECTIONS.toLocaleString("en").replaceAll(",", " ")}, in its node's memory`,
    unit: "bytes",
    peer: "an idle connection of ws",
    limit: { of: "difference", atMost: 1_536 },
    rounds: 3,
    ours: (share) => bytesEach("ours", share),
    theirs: (share) => bytesEach("ws", share),
  },
];
