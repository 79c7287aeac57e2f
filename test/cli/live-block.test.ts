import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveBlock, widthOf } from "../../src/cli/live-block.js";
import type { Terminal } from "../../src/cli/terminal.js";

/** What a terminal shows of what is written to it, as far as a block uses it. */
class FakeTerminal implements Terminal {
  columns = 40;
  rows = 24;
  isCursorHidden = false;
  writes = 0;
  readonly lines: string[] = [""];
  #row = 0;
  #column = 0;
  #around: ((write: () => void, endsLine: boolean) => void) | undefined;

  write(text: string): void {
    this.writes++;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's own
    for (const [piece, command = "", key] of text.matchAll(/\u001b\[([?\d;]*)([A-Za-z])|[^\u001b]/g)) {
      if (key === undefined) this.#put(piece);
      else this.#obey(key, command);
    }
  }

  hideCursor(): () => void {
    this.isCursorHidden = true;
    return () => {
      this.isCursorHidden = false;
    };
  }

  divert(around: (write: () => void, endsLine: boolean) => void): () => void {
    this.#around = around;
    return () => {
      this.#around = undefined;
    };
  }

  /** Somebody else writes. */
  print(text: string): void {
    const write = () => this.write(text);
    if (this.#around) this.#around(write, text.endsWith("\n"));
    else write();
  }

  /** Becomes narrower, and breaks the lines that are longer. */
  narrow(columns: number): void {
    this.columns = columns;
    const broken = this.lines.flatMap((line) => line.match(new RegExp(`.{1,${columns}}`, "g")) ?? [""]);
    this.lines.splice(0, this.lines.length, ...broken);
    this.#row = broken.length - 1;
  }

  get shown(): string[] {
    return this.lines.map((line) => line.trimEnd());
  }

  #put(character: string): void {
    if (character === "\r") this.#column = 0;
    else if (character === "\n") {
      this.#row++;
      this.#column = 0;
      if (this.lines[this.#row] === undefined) this.lines.push("");
    } else {
      const line = (this.lines[this.#row] ?? "").padEnd(this.#column);
      this.lines[this.#row] = line.slice(0, this.#column) + character + line.slice(this.#column + 1);
      this.#column++;
    }
  }

  #obey(key: string, command: string): void {
    if (key === "A") this.#row -= Number(command);
    else if (key === "K") this.lines[this.#row] = (this.lines[this.#row] ?? "").slice(0, this.#column);
    else if (key === "J") {
      this.lines[this.#row] = (this.lines[this.#row] ?? "").slice(0, this.#column);
      this.lines.length = this.#row + 1;
    } else assert.match(`${command}${key}`, /^(\?(2026|7)[hl]|[\d;]*m)$/);
    assert.ok(this.#row >= 0);
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test("LiveBlock redraws its lines in place, more or fewer, longer or shorter", () => {
  const terminal = new FakeTerminal();
  terminal.print("before\n");
  const block = new LiveBlock(terminal);
  assert.ok(terminal.isCursorHidden);
  for (const lines of [["one"], ["a longer one", "two", "three"], ["1", "22"], []]) {
    block.show(lines);
    assert.deepEqual(terminal.shown, ["before", ...lines, ""]);
  }
  block.show(["last"]);
  block.end();
  block.end();
  terminal.print("after\n");
  assert.deepEqual(terminal.shown, ["before", "last", "after", ""]);
  assert.ok(!terminal.isCursorHidden);
});

test("LiveBlock writes nothing where nothing has changed, and all of a change at once", () => {
  const terminal = new FakeTerminal();
  const block = new LiveBlock(terminal);
  block.show(["one", "two"]);
  assert.equal(terminal.writes, 1);
  block.show(["one", "two"]);
  assert.equal(terminal.writes, 1);
  terminal.columns = 30;
  block.show(["one", "two"]);
  assert.equal(terminal.writes, 2);
});

test("LiveBlock stays below what others write, and is drawn once for all of a turn", async () => {
  const terminal = new FakeTerminal();
  const block = new LiveBlock(terminal);
  block.show(["one", "two"]);
  const before = terminal.writes;
  for (let line = 0; line < 100; line++) terminal.print(`line ${line}\n`);
  await settle();
  assert.equal(terminal.writes - before, 102, "once away, 100 lines, once drawn");
  assert.deepEqual(terminal.shown.slice(-4), ["line 99", "one", "two", ""]);
  block.end();
});

test("LiveBlock waits while others are in the middle of a line", async () => {
  const terminal = new FakeTerminal();
  const block = new LiveBlock(terminal);
  block.show(["one"]);
  terminal.print("half ");
  await settle();
  block.show(["two"]);
  assert.deepEqual(terminal.shown, ["half"]);
  terminal.print("whole\n");
  await settle();
  assert.deepEqual(terminal.shown, ["half whole", "two", ""]);
  terminal.print("last\n");
  block.end();
  assert.deepEqual(terminal.shown, ["half whole", "last", "two", ""]);
});

test("LiveBlock finds its beginning when a narrower terminal has broken its lines in two", () => {
  const terminal = new FakeTerminal();
  terminal.print("before\n");
  const block = new LiveBlock(terminal);
  block.show(["x".repeat(40), "y".repeat(15)]);
  terminal.narrow(20);
  block.show(["short"]);
  assert.deepEqual(terminal.shown, ["before", "short", ""]);
  block.end();
});

test("widthOf() counts what is seen", () => {
  assert.equal(widthOf("\u001b[31mred\u001b[39m …"), 5);
});
