import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  checkPattern,
  checkSubject,
  findSubjectProblem,
  matches,
  SubjectIndex,
} from "../../src/mesh/subject.js";
import { SUBJECT_MATCHES } from "../contract/subjects.js";

for (const [pattern, subject, isMatch] of SUBJECT_MATCHES) {
  test(`${pattern} ${isMatch ? "takes in" : "leaves out"} ${subject}`, () => {
    assert.equal(matches(pattern, subject), isMatch);
    const index = new SubjectIndex<string>();
    index.add(pattern, "listener");
    assert.deepEqual([...index.find(subject)], isMatch ? ["listener"] : []);
  });
}

const SUBJECTS = [
  "a",
  "button.pressed",
  "a-b_c=d/e",
  "ä.☃",
  "A.a",
  "circuitry.x",
  "x.circuit",
  "x.$y",
  "_INBOXES",
];
for (const subject of SUBJECTS) {
  test(`checkSubject() lets ${subject} through`, () => {
    checkSubject(subject);
    checkPattern(subject);
  });
}

const NO_TEXTS: readonly (readonly [what: string, text: unknown])[] = [
  ["nothing", ""],
  ["two dots", "a..b"],
  ["a dot first", ".a"],
  ["a dot last", "a."],
  ["a space", "a b"],
  ["a line break", "a\r\nPUB x 0"],
  ["a null character", "a\0b"],
  ["half of a surrogate pair", "\ud83d"],
  ["a number", 7],
  ["256 bytes", "x".repeat(256)],
  ["258 bytes of 86 characters", "☃".repeat(86)],
  ["17 words", Array(17).fill("x").join(".")],
];
for (const [what, text] of NO_TEXTS) {
  test(`checkSubject() and checkPattern() refuse ${what}`, () => {
    // The cast: a program in JavaScript may give anything.
    assert.throws(() => checkSubject(text as string), { code: "MESSAGE_INVALID" });
    assert.throws(() => checkPattern(text as string), { code: "MESSAGE_INVALID" });
  });
}

for (const subject of [
  "*",
  ">",
  "a.*",
  "a.>",
  "a*",
  "circuit",
  "circuit.errors.x",
  "$SYS.x",
  "$x",
  "_INBOX.x",
]) {
  test(`checkSubject() refuses ${subject}`, () =>
    assert.throws(() => checkSubject(subject), { code: "MESSAGE_INVALID", message: /^Cannot publish to "/ }));
}

for (const subject of ["circuit.errors.x", "$SYS.x"]) {
  test(`findSubjectProblem() finds none in ${subject}, which is not a user's`, () =>
    assert.equal(findSubjectProblem(subject), undefined));
}

for (const pattern of ["*", ">", "*.*", "a.*.b", "a.>", "*.>", "circuit.errors.>"]) {
  test(`checkPattern() lets ${pattern} through`, () => checkPattern(pattern));
}

for (const pattern of [">.a", "a.>.b", "a*", "*a", "a.>>", "**", "a.b*.c"]) {
  test(`checkPattern() refuses ${pattern}`, () =>
    assert.throws(() => checkPattern(pattern), { code: "MESSAGE_INVALID", message: /^Cannot listen to "/ }));
}

const word = fc.constantFrom("a", "b", "circuit", "$x");
const subjects = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join("."));
const patterns = fc
  .tuple(fc.array(fc.oneof(word, fc.constant("*")), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([words, isOpen]) => [...words, ...(isOpen ? [">"] : [])].join("."));

test("SubjectIndex.find() finds whom matches() finds, whoever came and went", () => {
  fc.assert(
    fc.property(fc.array(patterns), fc.array(patterns), subjects, (stay, go, subject) => {
      const index = new SubjectIndex<string>();
      for (const pattern of [...stay, ...go]) index.add(pattern, pattern);
      const gone = go.filter((pattern) => !stay.includes(pattern));
      for (const pattern of gone) index.delete(pattern, pattern);
      const expected = new Set(stay.filter((pattern) => matches(pattern, subject)));
      assert.deepEqual([...index.find(subject)].sort(), [...expected].sort());
    }),
  );
});

test("SubjectIndex.find() looks at the patterns that run beside the subject, not at all", () => {
  const index = new SubjectIndex<number>();
  for (let pattern = 0; pattern < 100_000; pattern++) index.add(`sensor.${pattern}.*`, pattern);
  const startMs = performance.now();
  for (let round = 0; round < 1_000; round++) assert.deepEqual([...index.find("sensor.77.x")], [77]);
  assert.ok(
    performance.now() - startMs < 1_000,
    "a thousandth of a second each is a thousand times too slow",
  );
});
