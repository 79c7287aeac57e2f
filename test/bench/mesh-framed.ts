import type { Row } from "./bench.js";
import { meshRow } from "./mesh-plain.js";

/** The framed protocol, a Promise per message, distinct acks that echo the payload. */
export const rows: readonly Row[] = [
  meshRow("framed", "send", { cores: 1, depth: 1, bytes: 2 }, { of: "ratio", atLeast: 0.95 }),
  meshRow("poll", "send", { cores: 1, depth: 1, bytes: 2 }, { of: "ratio", atLeast: 0.9 }),
  meshRow("poll", "send", { cores: 2, depth: 1, bytes: 2 }, { of: "ratio", atLeast: 3 }),
  meshRow("framed", "send", { cores: 2, depth: 64, bytes: 2 }, { of: "ratio", atLeast: 5 }),
  meshRow("framed", "send", { cores: 2, depth: 64, bytes: 256 }, { of: "ratio", atLeast: 3.5 }),
  meshRow("framed", "send", { cores: 2, depth: 1_024, bytes: 2 }, { of: "ratio", atLeast: 20 }),
  meshRow("framed", "send", { cores: 2, depth: 1_024, bytes: 256 }, { of: "ratio", atLeast: 12 }),
  meshRow("framed", "stream", { cores: 2, depth: 64, bytes: 2 }, { of: "ratio", atLeast: 4.5 }),
  meshRow("framed", "stream", { cores: 2, depth: 64, bytes: 256 }, { of: "ratio", atLeast: 3 }),
  meshRow("framed", "stream", { cores: 2, depth: 1_024, bytes: 2 }, { of: "ratio", atLeast: 20 }),
  meshRow("framed", "stream", { cores: 2, depth: 1_024, bytes: 256 }, { of: "ratio", atLeast: 8 }),
];
