import { CircuitError } from "../core/error.js";
import type { Payload } from "../mesh/payload.js";
import type { ObservedEvent, ObserverContext } from "./event.js";
import { type ObserverDefinition, type ObserverOptions, on } from "./on.js";

/** A method that can react to events. */
type ReactingMethod<This, Data> = (
  this: This,
  event: ObservedEvent<Data>,
  context: ObserverContext,
) => unknown;

/** A decorator of both kinds: the standard one, and that of `experimentalDecorators`. */
export interface MethodDecorator<Data> {
  <This>(
    method: ReactingMethod<This, Data>,
    context: ClassMethodDecoratorContext<This, ReactingMethod<This, Data>>,
  ): void;
  // The method's own `this` is not known to a decorator of the older kind.
  (
    prototype: object,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<ReactingMethod<never, Data>>,
  ): void;
}

/** Definitions by method and pattern. */
type Methods = Map<string | symbol, Map<string, ObserverOptions<unknown>>>;

/** Patterns of a method's own decorators: two of one would be one. */
const patternsOf = new WeakMap<object, Set<string>>();

/** What was decorated, by instance where decorators are standard, by prototype where they are not. */
const decorated = new WeakMap<object, Methods>();

/**
 * Has a method of a sketch react to events, from the end of its `setup()` to its end. The same as
 * `this.on(pattern, (event, context) => this.method(event, context), options)` in `setup()`. Nothing connects when the
 * class is defined. A subclass's method of that name is called in its place.
 *
 * @throws {CircuitError} As `on()`, and `USAGE` on what is no method, or a static or `#private` one, or has
 *   that pattern already.
 */
export function On<Data = Payload>(
  pattern: string,
  options: ObserverOptions<Data> = {},
): MethodDecorator<NoInfer<Data>> {
  // Checks both, where they are written.
  const { options: checked } = on<Data>(pattern, () => {}, options);
  return (target: unknown, contextOrName: unknown) => {
    if (isContext(contextOrName)) {
      refuseUnless(contextOrName.kind === "method", pattern, contextOrName.name, "no method");
      refuseUnless(!contextOrName.static, pattern, contextOrName.name, "static");
      refuseUnless(!contextOrName.private, pattern, contextOrName.name, "#private");
      const { name } = contextOrName;
      refuseTwice(target, pattern, name);
      contextOrName.addInitializer(function (this: unknown) {
        if (typeof this === "object" && this !== null) remember(this, name, { pattern, options: checked });
      });
      return;
    }
    const name = typeof contextOrName === "symbol" ? contextOrName : String(contextOrName);
    refuseUnless(typeof target !== "function", pattern, name, "static");
    // Looked up in place of the descriptor: what jiti has converted gives the prototype for that.
    const property = Object.getOwnPropertyDescriptor(Object(target), name);
    if (typeof target !== "object" || target === null || typeof property?.value !== "function")
      throw misplaced(pattern, name, "no method");
    refuseTwice(property.value, pattern, name);
    remember(target, name, { pattern, options: checked });
  };
}

/** What the decorated methods of an object, its own and inherited, react to. */
export function observersOf(instance: object): ObserverDefinition[] {
  const chain: object[] = [];
  for (let at: object | null = instance; at !== null; at = Object.getPrototypeOf(at)) chain.unshift(at);
  const methods: Methods = new Map();
  for (const link of chain) {
    for (const [name, patterns] of decorated.get(link) ?? [])
      methods.set(name, new Map([...(methods.get(name) ?? []), ...patterns]));
  }
  return [...methods].flatMap(([name, patterns]) =>
    [...patterns].map(([pattern, options]) => {
      // Looked up when it is called: what a subclass, or the sketch itself, has put there.
      const call: ReactingMethod<unknown, unknown> = (event, context) =>
        Reflect.get(instance, name).call(instance, event, context);
      return on<unknown>(pattern, call, options);
    }),
  );
}

function remember(
  owner: object,
  name: string | symbol,
  { pattern, options }: Omit<ObserverDefinition, "handler">,
): void {
  const methods: Methods = decorated.get(owner) ?? new Map();
  decorated.set(owner, methods);
  const patterns = methods.get(name) ?? new Map<string, ObserverOptions<unknown>>();
  methods.set(name, patterns.set(pattern, options));
}

function refuseTwice(method: unknown, pattern: string, name: string | symbol): void {
  // The cast: both kinds of decorators are on a function here.
  const key = method as object;
  const patterns = patternsOf.get(key) ?? new Set();
  if (patterns.has(pattern)) {
    throw new CircuitError("USAGE", `Cannot observe ${pattern} with ${String(name)} twice`, {
      hint: "Leave one of the two decorators out, or react by this.on() in setup().",
    });
  }
  patternsOf.set(key, patterns.add(pattern));
}

function isContext(value: unknown): value is ClassMethodDecoratorContext {
  return typeof value === "object" && value !== null && "kind" in value;
}

function refuseUnless(isFine: boolean, pattern: string, name: string | symbol, what: string): void {
  if (!isFine) throw misplaced(pattern, name, what);
}

function misplaced(pattern: string, name: string | symbol, what: string): CircuitError {
  return new CircuitError(
    "USAGE",
    `Cannot observe ${pattern} with ${String(name)}: it is ${what}, and a sketch reacts by its methods`,
    { hint: "Decorate a method of the sketch that is neither static nor #private." },
  );
}
