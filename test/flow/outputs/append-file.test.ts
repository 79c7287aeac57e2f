import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { AppendFile } from "../../../src/flow/outputs/append-file.js";
import type { RowShape } from "../../../src/flow/outputs/row-ends.js";
import { temporaryFolder } from "../../temporary-folder.js";

const NEXT = "next\n";

const FILES: readonly { shape: RowShape; header: string; rows: readonly string[] }[] = [
  { shape: "plain", header: "", rows: ['{"a":1}\n', '"\\""\n', "{}\n"] },
  {
    shape: "quoted",
    header: "name,text\n",
    rows: ["a,b\n", '"two\nlines","a ""quote"""\n', '"\n",\n', "ä,€\n"],
  },
];

async function appendTo(path: string, header: string, shape: RowShape): Promise<string[]> {
  const logged: string[] = [];
  const log = (text: string) => void logged.push(text);
  const file = await AppendFile.open(path, { header, shape, isSynced: true, log });
  await file.append(Buffer.from(NEXT));
  assert.equal(file.bytes, readFileSync(path).length);
  await file.sync();
  await file.close();
  return logged;
}

for (const { shape, header, rows } of FILES) {
  test(`AppendFile keeps every whole row of ${shape} ones, wherever a crash has cut the file`, async () => {
    const folder = temporaryFolder();
    const whole = Buffer.from(header + rows.join(""));
    for (let length = 0; length <= whole.length; length++) {
      const path = join(folder, `${length}`);
      writeFileSync(path, whole.subarray(0, length));
      const logged = await appendTo(path, header, shape);
      const pieces = [header, ...rows];
      let kept = 0;
      for (const piece of pieces) {
        if (kept + Buffer.byteLength(piece) > length) break;
        kept += Buffer.byteLength(piece);
      }
      const start = kept === 0 ? header : whole.subarray(0, kept).toString();
      assert.equal(readFileSync(path, "utf8"), start + NEXT, `cut after ${length} bytes`);
      const torn = existsSync(`${path}.torn`) ? readFileSync(`${path}.torn`) : Buffer.alloc(0);
      assert.deepEqual(torn, whole.subarray(kept, length), `cut after ${length} bytes`);
      assert.equal(logged.length, torn.length === 0 ? 0 : 1);
    }
  });
}

test("AppendFile finds the end of rows across blocks", async () => {
  const path = join(temporaryFolder(), "long");
  const row = `"${"x\n".repeat(100_000)}"\n`;
  writeFileSync(path, `${row}${row}"${"y".repeat(200_000)}`);
  await appendTo(path, "", "quoted");
  assert.equal(readFileSync(path, "utf8"), `${row}${row}${NEXT}`);
  writeFileSync(path, `${"x".repeat(100_000)}\n${"y".repeat(200_000)}`);
  await appendTo(path, "", "plain");
  assert.equal(readFileSync(path, "utf8"), `${"x".repeat(100_000)}\n${NEXT}`);
});

test("AppendFile writes its header once", async () => {
  const path = join(temporaryFolder(), "file");
  for (let life = 0; life < 3; life++) await appendTo(path, "name\n", "quoted");
  assert.equal(readFileSync(path, "utf8"), `name\n${NEXT.repeat(3)}`);
});

test("AppendFile leaves a file with another header as it is", async () => {
  const path = join(temporaryFolder(), "file");
  writeFileSync(path, "price\n12\n");
  await assert.rejects(appendTo(path, "name,price\n", "quoted"), {
    code: "FILE_FAILED",
    message: `Cannot write to ${path}: its header begins with "price", not "name,price"`,
  });
  assert.equal(readFileSync(path, "utf8"), "price\n12\n");
});

test("AppendFile leaves a file as it is in which no row ends", async () => {
  const path = join(temporaryFolder(), "file");
  writeFileSync(path, Buffer.alloc(17_000_000, "x"));
  await assert.rejects(appendTo(path, "", "plain"), { code: "FILE_FAILED", message: /have no row's end$/ });
  assert.equal(readFileSync(path).length, 17_000_000);
});

for (const [what, problem] of [
  ["a folder", "it is a folder"],
  ["a folder that is missing", "there is no such file"],
] as const) {
  test(`AppendFile says what is wrong with ${what}`, async () => {
    const folder = join(temporaryFolder(), "folder");
    if (what === "a folder") mkdirSync(folder);
    const path = what === "a folder" ? folder : join(folder, "file");
    await assert.rejects(appendTo(path, "", "plain"), {
      code: "FILE_FAILED",
      message: `Cannot write to ${path}: ${problem}`,
    });
  });
}

test("AppendFile retires a file under the next free number", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "prices.csv");
  writeFileSync(join(folder, "prices.1.csv"), "old");
  const options = { header: "", shape: "plain", isSynced: false, log: () => {} } as const;
  for (const row of ["a\n", "b\n"]) {
    const file = await AppendFile.open(path, options);
    await file.append(Buffer.from(row));
    await file.retire();
  }
  assert.deepEqual(
    [1, 2, 3].map((number) => readFileSync(join(folder, `prices.${number}.csv`), "utf8")),
    ["old", "a\n", "b\n"],
  );
  assert.ok(!existsSync(path));
});
