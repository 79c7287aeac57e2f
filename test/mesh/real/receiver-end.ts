// A receiver in a process of its own, which may be killed at any moment. Its diary: each message before it runs
// (`run ID`), and before it is answered (`answered ID`) or refused (`threw ID`).
import { answerQuestions } from "../child.js";
import { Diary } from "./diary.js";
import { type MeshChoice, openMesh } from "./meshes.js";

interface Serving {
  readonly mesh: MeshChoice;
  readonly name: string;
  /** Which of the lives of the node it is; its acks say so. */
  readonly life: number;
  readonly diary: string;
  /** Answers everything at once. */
  readonly isCalm?: boolean;
}

/** Messages answered at once, after a while, and not at all, by their number. */
function fateOf(id: number): "now" | "later" | "throw" {
  if (id % 97 === 7) return "throw";
  return id % 3 === 0 ? "later" : "now";
}

answerQuestions({
  async serve({ mesh, name, life, diary: path, isCalm = false }: Serving) {
    const diary = new Diary(path);
    const answer = (id: number) => {
      diary.write("answered", id);
      return `${life}:${id}`;
    };
    const node = await openMesh(mesh).serve(
      name,
      async ({ message }) => {
        const id = Number(message);
        diary.write("run", id);
        const fate = isCalm ? "now" : fateOf(id);
        if (fate === "throw") {
          diary.write("threw", id);
          throw new Error("no");
        }
        if (fate === "later") await new Promise((resolve) => setTimeout(resolve, id % 8));
        return answer(id);
      },
      { host: "127.0.0.1", port: 0 },
    );
    return Number(/:(\d+)$/.exec(node.addresses[0] ?? "")?.[1]);
  },
});
