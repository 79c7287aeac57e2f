// The licences of the packages that are bundled: each of them asks that its copies carry it.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The text of all licences of the packages whose files, paths from `root`, are in a bundle. */
export function licencesOf(root, files) {
  const folders = new Set(files.map(packageFolder).filter((folder) => folder !== undefined));
  return [...folders]
    .sort()
    .map((folder) => describe(join(root, folder)))
    .join(`\n${"-".repeat(80)}\n\n`);
}

/** A package in a package has its own licence: the last one of a path counts. */
function packageFolder(file) {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
}

/** What a package does not tell in the version that is bundled, and does in later ones. */
const TOLD_LATER = { nanotimer: "ISC" };

function describe(folder) {
  const told = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const kind = told.license ?? told.licenses?.map(({ type }) => type).join(", ") ?? TOLD_LATER[told.name];
  if (kind === undefined) throw new Error(`Cannot bundle ${told.name}: it tells no licence`);
  const text = licenceText(folder) ?? `By ${told.author?.name ?? told.author ?? told.authors?.join(", ")}.`;
  return `${told.name} ${told.version}, ${kind}\n\n${text.trim()}\n`;
}

/** A file of its own, or where there is none what its README says under such a heading. */
function licenceText(folder) {
  const names = readdirSync(folder);
  const own = names.find((name) => /^licen[cs]e/i.test(name));
  if (own !== undefined) return readFileSync(join(folder, own), "utf8");
  const readme = names.find((name) => /^readme/i.test(name));
  if (readme === undefined) return undefined;
  const [, section] = readFileSync(join(folder, readme), "utf8").split(/^#+ *licen[cs]e\b.*$/im);
  return section?.split(/^#/m)[0];
}
