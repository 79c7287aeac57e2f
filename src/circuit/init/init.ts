import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { CircuitError } from "../../core/error.js";
import { describeFileProblem } from "../../core/file-problem.js";
import { completed, contradictions, type Manifest, newManifest, parseManifest } from "./manifest.js";
import { checkFolder, findObstacles, isBare, refusal } from "./obstacles.js";
import { readTemplate, type TemplateFile } from "./template.js";
import { writeFiles } from "./write-files.js";

/** A project that was written. */
export interface Project {
  /** Where it is. */
  readonly folder: string;
  /** Files that are new, in the project. */
  readonly wrote: readonly string[];
  /** Files that were there and now say more. */
  readonly completed: readonly string[];
  /** Commands that go on from here, in order. */
  readonly next: readonly string[];
}

const MANIFEST = "package.json";

/** As npm writes it. */
const INDENT = "  ";

/**
 * Writes a project that runs and passes its test as it is. A package.json that is there is completed; nothing else that
 * is there is touched.
 *
 * @param from Folder in which the person is.
 * @throws {CircuitError} `FILE_FAILED` where something is in the way, or a file cannot be written: then none is left.
 *   `CONFIG_INVALID` where the package.json that is there is none.
 */
export async function initProject(folder: string, from: string): Promise<Project> {
  const template = await readTemplate();
  const files = template.filter(({ path }) => path !== MANIFEST);
  const project = newManifest(manifestOf(template), folder);
  await checkFolder(folder);
  const there = await readThere(join(folder, MANIFEST));
  const obstacles = await findObstacles(folder, namesOf(files));
  if (there !== undefined) obstacles.push(...contradictions(there.manifest, project, await isBare(folder)));
  if (obstacles.length > 0)
    throw refusal(folder, `${obstacles.join(", ")} ${obstacles.length === 1 ? "is" : "are"} in the way`);
  const manifest = there === undefined ? project : completed(there.manifest, project);
  const content = `${JSON.stringify(manifest, null, there?.indent ?? INDENT)}\n`;
  await writeFiles(folder, files, { path: MANIFEST, content });
  return {
    folder,
    wrote: namesOf(there === undefined ? template : files),
    completed: there === undefined ? [] : [MANIFEST],
    next: nextSteps(folder, from),
  };
}

function namesOf(files: readonly TemplateFile[]): string[] {
  return files.map(({ path }) => path);
}

function manifestOf(template: readonly TemplateFile[]): Manifest {
  const content = template.find(({ path }) => path === MANIFEST)?.content ?? "";
  return parseManifest(content, MANIFEST);
}

/** A package.json that is there, and how it is indented. */
async function readThere(path: string): Promise<{ manifest: Manifest; indent: string } | undefined> {
  if (!existsSync(path)) return undefined;
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new CircuitError("FILE_FAILED", `Cannot complete ${path}: ${describeFileProblem(cause)}`, {
      cause,
    });
  });
  const [, indent = INDENT] = /^([ \t]+)\S/m.exec(text) ?? [];
  return { manifest: parseManifest(text, path), indent };
}

function nextSteps(folder: string, from: string): string[] {
  const way = relative(from, folder);
  // What a shell could take for something else is quoted.
  const quoted = /^[\w./\\-]+$/.test(way) ? way : JSON.stringify(way);
  return [
    ...(way === "" ? [] : [`cd ${quoted}`]),
    ...(existsSync(join(folder, "node_modules", "circuit-five")) ? [] : ["npm install"]),
    "npm test",
    "npm start",
  ];
}
