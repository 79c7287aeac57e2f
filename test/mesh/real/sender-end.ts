// A sender in a process of its own, which may be killed at any moment. Its diary: each message before it is sent
// (`sent ID CHANNEL RETRY`), and what became of it (`ack ID LIFE:ID`, `failed ID CODE`).
import type { Mesh } from "../../../src/mesh/mesh.js";
import { answerQuestions } from "../child.js";
import { Diary } from "./diary.js";
import { type MeshChoice, openMesh } from "./meshes.js";

export interface Posting {
  readonly target: string;
  readonly channel: string;
  readonly count: number;
  readonly retry: "never" | "repeat";
  readonly isStream: boolean;
}

let mesh: Mesh;
let diary: Diary;
const work = new Set<Promise<void>>();

/** Numbers of the messages, in the order in which they are handed over. */
let last: number;

function next({ channel, retry }: Posting): number {
  diary.write("sent", ++last, channel, retry);
  return last;
}

async function send(posting: Posting): Promise<void> {
  const { target, channel, retry } = posting;
  const id = next(posting);
  try {
    diary.write("ack", id, String(await mesh.send(target, id, { channel, retry })));
  } catch (error) {
    failed(id, error);
  }
}

async function stream(posting: Posting): Promise<void> {
  const { target, channel, retry, count } = posting;
  const open: number[] = [];
  function* messages() {
    for (let pulled = 0; pulled < count; pulled++) {
      open.push(next(posting));
      yield last;
    }
  }
  try {
    for await (const ack of mesh.stream(target, messages(), { channel, retry }))
      diary.write("ack", open.shift() ?? -1, String(ack));
  } catch (error) {
    failed(open.shift() ?? -1, error);
  }
  // With the one that failed, the stream gave these up.
  for (const id of open) diary.write("failed", id, "given-up");
}

function failed(id: number, error: unknown): void {
  // The cast: whatever was thrown, it is asked for a code.
  diary.write("failed", id, (error as { code?: string }).code ?? String(error).replaceAll(/\s/g, "-"));
}

answerQuestions({
  open(choice: MeshChoice, path: string, firstId: number) {
    mesh = openMesh(choice);
    diary = new Diary(path);
    last = firstId;
  },

  post(posting: Posting) {
    const { count, isStream } = posting;
    const done = isStream
      ? stream(posting)
      : Promise.all(Array.from({ length: count }, () => send(posting))).then(() => {});
    work.add(done);
    void done.then(() => work.delete(done));
  },

  /** Resolves when every message has come to its end. */
  async settled() {
    await Promise.all(work);
  },
});
