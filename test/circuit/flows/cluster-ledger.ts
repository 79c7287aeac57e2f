import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What workers have written, read on and on. */
export class Ledger {
  readonly times = new Map<number, number>();
  readonly #folder: string;
  readonly #read = new Map<string, number>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Lines in a row of one worker since the last call, by worker. */
  read(): Map<string, number> {
    const news = new Map<string, number>();
    for (const file of existsSync(this.#folder) ? readdirSync(this.#folder) : []) {
      const text = readFileSync(join(this.#folder, file), "utf8");
      const from = this.#read.get(file) ?? 0;
      const to = text.lastIndexOf("\n") + 1;
      this.#read.set(file, to);
      const lines = text.slice(from, to).split("\n").slice(0, -1);
      for (const line of lines) {
        const n = Number(line.split(" ")[2]);
        this.times.set(n, (this.times.get(n) ?? 0) + 1);
      }
      if (lines.length > 0) news.set(file.replace(".txt", ""), lines.length);
    }
    return news;
  }
}

/** Waits until so many more items are through, and none before them is missing. */
export async function more(ledger: Ledger, count: number): Promise<void> {
  const most = () => Math.max(-1, ...ledger.times.keys());
  ledger.read();
  const before = most();
  while (most() < before + count || ledger.times.size < most() + 1) {
    await sleep(50);
    ledger.read();
  }
}

export function twiceIn({ times }: Ledger): string[] {
  return [...times].filter(([, count]) => count > 1).map(([n, count]) => `${n}×${count}`);
}
