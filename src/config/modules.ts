import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Jiti, JitiOptions, TransformOptions, TransformResult } from "jiti";

/** What jiti's own entry hands to it, and what it keeps modules in. Its types leave both out. */
type JitiMaker = (
  id: string,
  options: JitiOptions,
  inside: {
    readonly onError: (error: Error) => never;
    readonly nativeImport: (id: string) => Promise<unknown>;
    readonly createRequire: typeof createRequire;
    readonly parentCache: Record<string, unknown>;
  },
) => Jiti;

/** A file of the user's that was loaded. */
interface Loaded {
  /** Of its text, as it was when it was loaded. */
  readonly digest: string;
  /** Files of the user's that it imports, each with the variable that holds it, where one does. */
  readonly imports: ReadonlyMap<string, string | undefined>;
  /** What is declared in it, at whatever depth. */
  readonly names: ReadonlySet<string>;
}

/** What babel leaves of an import whose name is known when the file is loaded. */
const IMPORT =
  /(?:var\s+([\w$]+)\s*=\s*(?:[\w$]+\()?(?:await\s+)?)?\b(?:require|jitiImport|import)\(\s*["']([^"']+)["']\s*\)/g;

/** What declares a name. */
const DECLARED = /\b(?:var|let|const|class|function\*?)\s+([\w$]+)/g;

/**
 * The user's files of code, kept as long as they and what they import stay as they are: a file that has changed is loaded
 * anew with those that import it, and no other. The engine's own loader keeps every module for ever; here nothing
 * holds the old ones. Packages in `node_modules`, and circuit itself, are the engine's.
 */
export class Modules {
  readonly #alias: Record<string, string>;
  readonly #loaded = new Map<string, Loaded>();
  readonly #cache: Record<string, unknown> = {};
  /** Those that the last load has run. */
  readonly #fresh = new Set<string>();

  /** @param alias Paths of what is imported by these names. */
  constructor(alias: Record<string, string>) {
    this.#alias = alias;
  }

  /** Paths of the user's files that have been loaded, or that a load came to before it failed. */
  get files(): readonly string[] {
    return [...this.#loaded.keys()];
  }

  /** Those that are not as they were loaded any more, and whether one of them is missing or empty. */
  look(): { readonly changed: readonly string[]; readonly isPartial: boolean } {
    let isPartial = false;
    const changed = [...this.#loaded].flatMap(([file, loaded]) => {
      const text = textOf(file);
      if (text !== undefined && digest(text) === loaded.digest) return [];
      isPartial ||= text === undefined || text === "";
      return file;
    });
    return { changed, isPartial };
  }

  /** Notes a file that is read, and not run. */
  note(file: string, text: string): void {
    this.#loaded.set(file, { digest: digest(text), imports: new Map(), names: new Set() });
  }

  /**
   * Whether a function's text has a name in it that the last load may have given another meaning: one that is declared in a
   * file that was run again, and imports no file that was not.
   */
  mayDiffer(text: string): boolean {
    const words = new Set(text.match(/[\w$]+/g));
    return [...this.#fresh].some((file) => {
      const { imports, names } = this.#loaded.get(file) ?? NOTHING;
      const kept = [...imports].flatMap(([path, name]) => (this.#fresh.has(path) || !name ? [] : [name]));
      const held = new Set(kept);
      return [...names].some((name) => words.has(name) && !held.has(name));
    });
  }

  /** What a file exports by default. @throws What loading it throws; then what it began to load is forgotten. */
  async load(file: string): Promise<unknown> {
    this.#forget();
    this.#fresh.clear();
    const { jiti, transform } = await openJiti();
    const before = new Set(Object.keys(this.#cache));
    const maker = jiti(
      pathToFileURL(file).href,
      {
        alias: this.#alias,
        moduleCache: false,
        fsCache: false,
        transform: (options) => this.#transform(options, transform, maker),
      },
      {
        onError: (error) => {
          throw error;
        },
        // What the engine imports it keeps for ever: jiti then runs the file itself.
        nativeImport: async (id) => {
          if (isOfUser(pathOf(id))) throw new Error("It is to be loaded anew when it changes");
          return import(id);
        },
        createRequire,
        parentCache: this.#cache,
      },
    );
    try {
      const loaded: { readonly default?: unknown } = await maker.import(file);
      return loaded.default;
    } catch (error) {
      for (const path of Object.keys(this.#cache)) if (!before.has(path)) delete this.#cache[path];
      throw error;
    }
  }

  /** Lets go of what has changed, and of what imports it, however far away. */
  #forget(): void {
    const stale = new Set(this.look().changed);
    for (let size = -1; size !== stale.size; ) {
      size = stale.size;
      for (const [file, { imports }] of this.#loaded)
        if ([...imports.keys()].some((path) => stale.has(path))) stale.add(file);
    }
    for (const file of stale) {
      delete this.#cache[file];
      this.#loaded.delete(file);
    }
  }

  #transform(
    options: TransformOptions,
    transform: (options: TransformOptions) => TransformResult,
    { esmResolve }: Jiti,
  ): TransformResult {
    const file = options.filename ?? "";
    if (!isOfUser(file)) return transform(options);
    // Before it is read as code: a file with a mistake is one to be watched.
    this.note(file, options.source);
    const result = transform(options);
    const imports = [...result.code.matchAll(IMPORT)].flatMap(([, name, id = ""]) => {
      const found = esmResolve(id, { parentURL: pathToFileURL(file).href, try: true });
      return found === undefined ? [] : [[pathOf(found), name] as const];
    });
    const foreign = new Set(imports.flatMap(([path, name]) => (isOfUser(path) || !name ? [] : [name])));
    const declared = [...result.code.matchAll(DECLARED)].flatMap(([, name = ""]) => name);
    this.#fresh.add(file);
    this.#loaded.set(file, {
      digest: digest(options.source),
      imports: new Map(imports.filter(([path]) => isOfUser(path))),
      names: new Set(declared.filter((name) => !foreign.has(name))),
    });
    return result;
  }
}

const NOTHING: Pick<Loaded, "imports" | "names"> = { imports: new Map(), names: new Set() };

/** jiti itself, below its entry, which would give modules to the engine. */
async function openJiti() {
  const require = createRequire(import.meta.url);
  const folder = join(dirname(require.resolve("jiti")), "..", "dist");
  // The casts: files of jiti's own have no types.
  const jiti = require(join(folder, "jiti.cjs")) as JitiMaker;
  const transform = require(join(folder, "babel.cjs")) as (options: TransformOptions) => TransformResult;
  return { jiti, transform };
}

const OWN_FOLDER = fileURLToPath(new URL("..", import.meta.url));

function isOfUser(path: string): boolean {
  const isFile = path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path);
  return isFile && !/[\\/]node_modules[\\/]/.test(path) && !path.startsWith(OWN_FOLDER);
}

function pathOf(id: string): string {
  return id.startsWith("file:") ? fileURLToPath(id) : sep === "/" ? id : resolve(id);
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
