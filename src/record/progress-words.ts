import { escaped } from "../core/printable.js";

/** What a line of a circuit's progress says, and of whom. */
export interface ProgressWords {
  readonly names: readonly string[];
  readonly words: string;
  readonly isDetail: boolean;
}

/** A line of progress, as `--json` prints it, for a person; one that is none as it is. */
export function describeProgress(line: string): readonly ProgressWords[] {
  const { type, node, text, board, firmware } = parse(line);
  switch (type) {
    case "out":
      return [
        {
          names: [String(node)],
          words: `[ ${escaped(String(node))} ] ${escaped(String(text))}`,
          isDetail: false,
        },
      ];
    case "notice":
      return [{ names: [], words: escaped(String(text)), isDetail: false }];
    case "board":
      return [{ names: [String(board)], words: escaped(`${board}: ${firmware}`), isDetail: false }];
    default:
      return [{ names: [], words: escaped(line), isDetail: true }];
  }
}

function parse(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
