import { errorSubjectOf } from "../own-subjects.js";
import { matches } from "../subject.js";

/** Who may send to whom: channels by sender by target; `*` stands for any of them. */
export type AccessRules = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** Who may publish what: subjects by node, with the wildcards of NATS; `*` stands for any node. */
export type PublishRules = Readonly<Record<string, readonly string[]>>;

/** Stands for any name. */
const ANY = "*";

/**
 * Whether a sender may use a channel of a target. A target without rules takes messages of whoever is let in at all;
 * the rules of a sender's own name count in place of those of `*`.
 */
export function maySend(
  rules: AccessRules,
  { from, target, channel }: { readonly from: string; readonly target: string; readonly channel: string },
): boolean {
  const senders = own(rules, target) ?? own(rules, ANY);
  if (senders === undefined) return true;
  const channels = own(senders, from) ?? own(senders, ANY) ?? [];
  return channels.includes(channel) || channels.includes(ANY);
}

/**
 * Whether a node may publish on a subject. Without rules every node may; with them, those that they name, and each may tell
 * of the failures of its own observers.
 */
export function mayPublish(rules: PublishRules | undefined, from: string, subject: string): boolean {
  if (rules === undefined) return true;
  const patterns = own(rules, from) ?? own(rules, ANY) ?? [];
  return patterns.some((pattern) => matches(pattern, subject)) || subject === errorSubjectOf(from);
}

/** A field of its own, and not what every object has: names are anybody's. */
function own<Value>(of: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(of, name) ? of[name] : undefined;
}
