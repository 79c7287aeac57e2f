import { type Command, Option } from "commander";
import type { CircuitDefinition, NodeDefinition } from "../config/define.js";
import { parseSetting } from "../config/schema.js";
import { CIRCUIT_SETTINGS, type Setting, SKETCH_SETTINGS, type SketchName } from "../config/settings.js";
import { CircuitError } from "../core/error.js";

/** A setting as a flag: where it goes, and what it is called. */
interface Flag {
  readonly of: SketchName | "circuit";
  readonly key: string;
  /** Long name without dashes. */
  readonly long: string;
  readonly short?: string;
}

const FLAGS: readonly Flag[] = [
  { of: "clock", key: "ticks", long: "ticks", short: "t" },
  { of: "clock", key: "ticks", long: "tacks" },
  { of: "clock", key: "delaySeconds", long: "delay", short: "d" },
  { of: "iopin", key: "chance", long: "chance" },
  { of: "iopin", key: "sequence", long: "sequence" },
  { of: "iopin", key: "bitMs", long: "bit-ms" },
  { of: "iopin", key: "pin", long: "pin" },
  { of: "buzzer", key: "piezo", long: "piezo" },
  { of: "buzzer", key: "toneHz", long: "tone" },
  { of: "buzzer", key: "toneMs", long: "tone-ms" },
  { of: "circuit", key: "seed", long: "seed" },
  { of: "circuit", key: "timeoutSeconds", long: "timeout" },
];

/** Flag values as commander gives them, by camel-cased long name. */
export type FlagValues = Readonly<Record<string, unknown>>;

export interface AddFlagsOptions {
  /** Defaults that differ from the settings' own, by flag. */
  readonly defaults?: Readonly<Record<string, number>>;
}

/** Adds the flags of some sketches, and of the circuit as a whole, to a command. */
export function addSettingFlags(
  command: Command,
  sketches: readonly SketchName[],
  { defaults = {} }: AddFlagsOptions = {},
): Command {
  for (const flag of FLAGS) {
    if (flag.of !== "circuit" && !sketches.includes(flag.of)) continue;
    const setting = settingOf(flag);
    const standard = defaults[flag.long] ?? setting.default;
    const names = `${flag.short ? `-${flag.short}, ` : ""}--${flag.long} <${setting.placeholder}>`;
    const about = flag.long === "tacks" ? "the same as --ticks" : setting.description;
    const shown = standard === undefined || flag.long === "tacks" ? about : `${about} (default: ${standard})`;
    const option = new Option(names, shown);
    // One variable for each setting: a second one for its other name would outdo a flag.
    if (flag.long !== "tacks") option.env(envOf(flag.long));
    command.addOption(option.argParser((given) => parseSetting(setting, given, `--${flag.long}`)));
  }
  return command;
}

/**
 * A circuit with the given flags in the options of its own sketches.
 *
 * @param isTyped Whether a flag was typed, and not taken from the environment, which is for every circuit.
 * @throws {CircuitError} `USAGE` for a typed flag that no node of the circuit takes.
 */
export function withFlags(
  circuit: CircuitDefinition,
  values: FlagValues,
  isTyped: (name: string) => boolean,
): CircuitDefinition {
  let changed: CircuitDefinition = circuit;
  for (const flag of FLAGS) {
    const name = camelCase(flag.long);
    const value = values[name];
    if (value === undefined) continue;
    if (!isTyped(name) && !takes(changed, flag)) continue;
    if (flag.of === "circuit") changed = { ...changed, [flag.key]: value };
    else changed = { ...changed, nodes: withOption(changed.nodes, flag, value) };
  }
  return changed;
}

function takes({ nodes = {} }: CircuitDefinition, flag: Flag): boolean {
  return flag.of === "circuit" || Object.values(nodes).some((node) => node.sketch === flag.of);
}

function withOption(
  nodes: CircuitDefinition["nodes"] = {},
  flag: Flag,
  value: unknown,
): CircuitDefinition["nodes"] {
  const taking = Object.entries(nodes).filter(([, node]) => node.sketch === flag.of);
  if (taking.length === 0) {
    throw new CircuitError(
      "USAGE",
      `Cannot use --${flag.long}: this circuit has no ${flag.of} that takes it`,
      {
        hint: "Leave the flag out, or set the option in the configuration's own sketch.",
      },
    );
  }
  const set = ([name, node]: [string, NodeDefinition]): [string, NodeDefinition] => {
    const options = "options" in node ? node.options : {};
    // The cast: the flag is one of this sketch's own settings, and its value has passed that setting's schema.
    return [name, { ...node, options: { ...options, [flag.key]: value } } as NodeDefinition];
  };
  return { ...nodes, ...Object.fromEntries(taking.map(set)) };
}

function settingOf({ of, key }: Flag): Setting {
  const settings: Readonly<Record<string, Setting>> =
    of === "circuit" ? CIRCUIT_SETTINGS : SKETCH_SETTINGS[of];
  const setting = settings[key];
  if (!setting) throw new Error(`No setting ${of}.${key}`);
  return setting;
}

function envOf(long: string): string {
  return `CIRCUIT_${long.replaceAll("-", "_").toUpperCase()}`;
}

function camelCase(long: string): string {
  return long.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * Adds a peer of `--peer NAME=URL` to those before it.
 *
 * @throws {CircuitError} `USAGE`.
 */
export function collectPeer(given: string, peers: Readonly<Record<string, string>>): Record<string, string> {
  const [, name, url] = /^([\w-]+)=(.+)$/.exec(given) ?? [];
  if (name !== undefined && url !== undefined) return { ...peers, [name]: url };
  throw new CircuitError("USAGE", `Cannot use --peer ${given}: it is not NAME=URL`, {
    hint: "Give for example --peer buzzer=ws://127.0.0.1:8766.",
  });
}
