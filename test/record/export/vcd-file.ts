import assert from "node:assert/strict";

export interface VcdWire {
  readonly scope: string;
  readonly name: string;
  /** Each value with its time, in units of the timescale. */
  readonly values: (readonly [at: number, value: string])[];
}

/**
 * Reads a value change dump of scalars, as IEEE 1364-2005, 18.2 writes its grammar, and refuses all else: a declaration
 * command ends with `$end`, times go up, a value is of a declared identifier code, and each has one after `$dumpvars`.
 */
export function readVcd(text: string): { readonly timescale: string; readonly wires: readonly VcdWire[] } {
  const words = text.split(/\s+/).filter((word) => word !== "");
  const wires = new Map<string, VcdWire>();
  const scopes: string[] = [];
  let [at, timescale, time, isDumping] = [0, "", -1, false];
  const body = (): string[] => {
    const end = words.indexOf("$end", at);
    assert.notEqual(end, -1, `no $end after ${words[at - 1]}`);
    const inside = words.slice(at, end);
    at = end + 1;
    return inside;
  };
  const declare: Readonly<Record<string, (inside: string[]) => void>> = {
    $date: () => {},
    $version: () => {},
    $timescale: (inside) => {
      timescale = inside.join(" ");
      assert.match(timescale, /^(1|10|100) (s|ms|us|ns|ps|fs)$/);
    },
    $scope: ([type, name = "", ...more]) => {
      assert.deepEqual([type, more], ["module", []]);
      assert.match(name, /^[A-Za-z_][\w$]*$/);
      scopes.push(name);
    },
    $upscope: (inside) => {
      assert.deepEqual(inside, []);
      assert.ok(scopes.pop());
    },
    $var: ([type, size, code = "", name = "", ...more]) => {
      assert.deepEqual([type, size, more], ["wire", "1", []]);
      assert.match(code, /^[!-~]+$/);
      assert.match(name, /^[A-Za-z_][\w$]*$/);
      assert.ok(!wires.has(code), `${code} is declared twice`);
      wires.set(code, { scope: scopes.join("."), name, values: [] });
    },
  };
  for (;;) {
    const word = words[at++] ?? "";
    const inside = body();
    if (word === "$enddefinitions") {
      assert.deepEqual([inside, scopes], [[], []]);
      break;
    }
    const command = declare[word];
    assert.ok(command, `${word} is no declaration`);
    command(inside);
  }
  for (; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "$dumpvars" || word === "$end") {
      assert.equal(isDumping, word === "$end");
      isDumping = word === "$dumpvars";
      if (!isDumping) for (const { values, name } of wires.values()) assert.equal(values.length, 1, name);
    } else if (word.startsWith("#")) {
      assert.match(word, /^#\d+$/);
      assert.ok(Number(word.slice(1)) > time, `${word} after #${time}`);
      time = Number(word.slice(1));
    } else {
      assert.match(word, /^[01xXzZ][!-~]+$/);
      const wire = wires.get(word.slice(1));
      assert.ok(wire, `${word} is of no wire`);
      assert.ok(time >= 0, `${word} before a time`);
      wire.values.push([time, word[0] ?? ""]);
    }
  }
  assert.equal(isDumping, false);
  return { timescale, wires: [...wires.values()] };
}
