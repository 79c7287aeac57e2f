// A node for hostile peers, in a process of its own, so that its memory and its time are its own.
import type { MeshLimits } from "../../../src/mesh/limits.js";
import { WsMesh } from "../../../src/mesh/ws/ws-mesh.js";
import { answerQuestions } from "../child.js";

const PAGE = "x".repeat(10_000);

/** Answers with a page, never, with an error, later, or with what it was sent. */
function handle(message: unknown): unknown {
  if (message === "page") return PAGE;
  if (message === "never") return new Promise(() => {});
  if (message === "throw") throw new Error("no");
  if (message === "later") return new Promise((resolve) => setImmediate(() => resolve("later")));
  return message;
}

let handled = 0;

answerQuestions({
  async serve(limits: Partial<MeshLimits>) {
    const mesh = new WsMesh({ limits });
    const node = await mesh.serve(
      "node",
      ({ message }) => {
        handled++;
        return handle(message);
      },
      { host: "127.0.0.1", port: 0 },
    );
    for (const pattern of ["a", ">"]) mesh.subscribe(pattern, () => {}, { last: true });
    mesh.subscribe("a.*", () => {}, { queue: "q" });
    for (const subject of ["a", "a.b"]) mesh.publish(subject, PAGE);
    return node.addresses[0];
  },

  /** Bytes in use, garbage apart. */
  async usedBytes() {
    for (let turn = 0; turn < 5; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      globalThis.gc?.();
    }
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  },

  handled: () => handled,
});
