import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** A project as it is begun: the files of `template/`, where the package is installed. */
const TEMPLATE = fileURLToPath(new URL("../../../../template", import.meta.url));

export interface TemplateFile {
  /** Path in the project, with slashes. */
  readonly path: string;
  readonly content: string;
}

/** All files of a new project, `package.json` among them. */
export async function readTemplate(): Promise<TemplateFile[]> {
  const entries = await readdir(TEMPLATE, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    paths.sort().map(async (path) => ({
      path: projectPath(relative(TEMPLATE, path)),
      content: await readFile(path, "utf8"),
    })),
  );
}

/** npm leaves files named .gitignore out of a package, and minds what they say: the template's has another name. */
function projectPath(path: string): string {
  return path === "gitignore" ? ".gitignore" : path.split(sep).join("/");
}
