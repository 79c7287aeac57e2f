import Module, { createRequire, register } from "node:module";

/** Where scripts find what stands for Johnny-Five. */
const PLACE = Symbol.for("circuit-five.script");

/** What a script names to get Johnny-Five. */
const NAME = "johnny-five";

/** A module of our own in its place; nothing of it is read from a file. */
const URL_OF_OURS = "circuit:johnny-five";

/** Node's own, which its types leave out. */
interface Resolver {
  _resolveFilename(request: string, ...rest: readonly unknown[]): string;
}

/**
 * From now on `require("johnny-five")` and `import "johnny-five"` in this process give what is given here, whether it is
 * installed or not.
 */
export function replaceJohnnyFive(ours: object): void {
  // The cast: a place that nobody else knows.
  (globalThis as Record<symbol, unknown>)[PLACE] = ours;
  replaceRequired(ours);
  const names = Object.keys(ours).filter((name) => /^[A-Za-z_$][\w$]*$/.test(name) && name !== "default");
  const source = [
    `const ours = globalThis[Symbol.for(${JSON.stringify(PLACE.description)})];`,
    "export default ours;",
    `export const { ${names.join(", ")} } = ours;`,
  ].join("\n");
  register(hooks(source));
}

function replaceRequired(ours: object): void {
  // The cast: see `Resolver`.
  const resolver = Module as unknown as Resolver;
  const resolve = resolver._resolveFilename;
  resolver._resolveFilename = function (this: unknown, request, ...rest) {
    return request === NAME ? URL_OF_OURS : resolve.call(this, request, ...rest);
  };
  const { cache } = createRequire(import.meta.url);
  const stand = new Module(URL_OF_OURS);
  Object.assign(stand, { exports: ours, loaded: true, filename: URL_OF_OURS });
  // The cast: a module that was never read has all that `require()` looks at.
  cache[URL_OF_OURS] = stand as NodeJS.Module;
}

/** Hooks of `import`, which run in a thread of their own: so they come as a text. */
function hooks(source: string): string {
  const text = `
    export async function resolve(name, context, next) {
      return name === ${JSON.stringify(NAME)} ? { url: ${JSON.stringify(URL_OF_OURS)}, shortCircuit: true } : next(name, context);
    }
    export async function load(url, context, next) {
      return url === ${JSON.stringify(URL_OF_OURS)}
        ? { format: "module", source: ${JSON.stringify(source)}, shortCircuit: true }
        : next(url, context);
    }`;
  return `data:text/javascript,${encodeURIComponent(text)}`;
}
