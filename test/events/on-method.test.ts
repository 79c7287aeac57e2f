import assert from "node:assert/strict";
import { test } from "node:test";
import { transformSync } from "esbuild";
import * as v from "valibot";
import type { ObservedEvent } from "../../src/events/event.js";
import { On, observersOf } from "../../src/events/on-method.js";
import { Sketch } from "../../src/sketch/sketch.js";

/** A class with decorators, for both kinds; a subclass that overrides, adds and decorates anew. */
const FIXTURE = `
  class Base {
    heard = [];
    @On("terminator_detected", { retries: 1 })
    react(event, context) { this.heard.push("base " + event.data); }
    @On("a") @On("b.*")
    both({ data }) { this.heard.push("both " + data); }
    @On("symbol")
    [Symbol.for("s")]({ data }) { this.heard.push("symbol " + data); }
  }
  class Derived extends Base {
    react({ data }) { this.heard.push("derived " + data); }
    @On("a", { retries: 2 })
    both({ data }) { this.heard.push("derived both " + data); }
    @On("own")
    own({ data }) { this.heard.push("own " + data); }
  }
  return { Base, Derived };
`;

interface Fixture {
  readonly heard: readonly string[];
}

type Classes = Readonly<Record<"Base" | "Derived", new () => Fixture>>;

const KINDS = { standard: {}, legacy: { experimentalDecorators: true } };

/** Runs TypeScript, compiled with decorators of a kind, as the body of a function that knows On. */
function evaluate(body: string, compilerOptions: object): unknown {
  const { code } = transformSync(`export default function (On) {${body}}`, {
    ...{ loader: "ts", target: "es2022", format: "iife", globalName: "made" },
    tsconfigRaw: { compilerOptions: { ...compilerOptions } },
  });
  return new Function("On", `${code}\nreturn made.default(On);`)(On);
}

/** What an object's observers do with an event each, by pattern. */
function trigger(instance: Fixture): string[] {
  const definitions = observersOf(instance);
  for (const { pattern, handler } of definitions) {
    const event = { subject: pattern, data: pattern, headers: {}, at: 0 };
    handler(event, { signal: new AbortController().signal, deliveryCount: 1, publish: () => 0 });
  }
  return definitions.map(({ pattern, options }) => `${pattern} ${options.retries ?? 0}`).sort();
}

for (const [kind, compilerOptions] of Object.entries(KINDS)) {
  // The cast: what the fixture returns.
  const classes = () => evaluate(FIXTURE, compilerOptions) as Classes;

  test(`@On as a ${kind} decorator has methods react, several times each`, () => {
    const { Base } = classes();
    const instance = new Base();
    assert.deepEqual(trigger(instance), ["a 0", "b.* 0", "symbol 0", "terminator_detected 1"]);
    assert.deepEqual([...instance.heard].sort(), [
      ...["base terminator_detected", "both a", "both b.*", "symbol symbol"],
    ]);
  });

  test(`@On as a ${kind} decorator: a subclass's methods are called in their place, once`, () => {
    const { Base, Derived } = classes();
    const instance = new Derived();
    assert.deepEqual(trigger(instance), ["a 2", "b.* 0", "own 0", "symbol 0", "terminator_detected 1"]);
    assert.deepEqual([...instance.heard].sort(), [
      ...["derived both a", "derived both b.*", "derived terminator_detected", "own own", "symbol symbol"],
    ]);
    assert.equal(trigger(new Base()).length, 4, "the subclass has left its base alone");
  });

  test(`@On as a ${kind} decorator refuses static methods, and what cannot be observed`, () => {
    const refused = (body: string) => () => evaluate(body, compilerOptions);
    assert.throws(refused(`class A { @On("a") static react() {} }`), {
      code: "USAGE",
      message: "Cannot observe a with react: it is static, and a sketch reacts by its methods",
    });
    assert.throws(refused(`class A { @On("a") @On("b") @On("a", { retries: 1 }) react() {} }`), {
      code: "USAGE",
      message: "Cannot observe a with react twice",
    });
    assert.throws(refused(`class A { @On("a..b") react() {} }`), { code: "MESSAGE_INVALID" });
    assert.throws(refused(`class A { @On("a", { retires: 1 }) react() {} }`), { code: "USAGE" });
    assert.throws(refused(`class A { @On("a") react = () => {}; }`), { code: "USAGE", message: /no method/ });
    assert.throws(refused(`class A { @On("a") get react() { return 1; } }`), { message: /no method/ });
  });
}

test("@On as a standard decorator refuses #private methods", () => {
  assert.throws(() => evaluate(`class A { @On("a") #react() {} }`, {}), {
    code: "USAGE",
    message: "Cannot observe a with #react: it is #private, and a sketch reacts by its methods",
  });
});

test("@On types its method by the schema", () => {
  const schema = v.object({ load: v.number() });
  class Monitor extends Sketch {
    loads: number[] = [];

    @On("load", { schema })
    protected onLoad({ data }: ObservedEvent<{ load: number }>): void {
      this.loads.push(data.load);
    }

    @On("anything")
    onAnything(): void {}

    // @ts-expect-error without a schema the data may be anything
    @On("load")
    onText({ data }: ObservedEvent<{ load: number }>): void {
      this.loads.push(data.load);
    }
  }
  assert.equal(observersOf(new Monitor()).length, 3);
});
