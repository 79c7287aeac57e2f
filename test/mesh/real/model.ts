import assert from "node:assert/strict";

/** What the diaries say, of receivers by their lives and of senders. */
export interface Diaries {
  readonly receivers: ReadonlyMap<number, readonly (readonly string[])[]>;
  readonly senders: readonly { readonly hasDied: boolean; readonly lines: readonly (readonly string[])[] }[];
}

interface Life {
  readonly number: number;
  readonly runs: readonly number[];
  readonly answered: ReadonlySet<number>;
  readonly threw: ReadonlySet<number>;
}

interface Letter {
  readonly id: number;
  /** Sender and channel. */
  readonly way: string;
  readonly repeats: boolean;
  outcome: string | undefined;
}

/** How many messages ended how. */
export type Outcomes = Map<string, number>;

/**
 * Asserts what must hold whatever happened: every ack that a sender saw was earned, order within a channel is kept, no
 * life of a receiver ran a message twice, and every message of a sender that lives has come to an end.
 */
export function checkDiaries({ receivers, senders }: Diaries, outcomes: Outcomes): void {
  const lives = [...receivers].map(([number, lines]) => lifeOf(number, lines));
  const letters = new Map<number, Letter>();
  for (const [index, { hasDied, lines }] of senders.entries()) {
    const own = lettersOf(`${index}`, lines);
    for (const letter of own) {
      letters.set(letter.id, letter);
      if (!hasDied) assert.ok(letter.outcome, `message ${letter.id} has not ended`);
      const kind = letter.outcome?.replace(/^ack .*/, "ack") ?? "died with its sender";
      outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
    }
  }
  for (const life of lives) checkLife(life, letters);
  for (const letter of letters.values()) checkLetter(letter, lives);
}

function lifeOf(number: number, lines: readonly (readonly string[])[]): Life {
  const of = (word: string) => lines.filter(([first]) => first === word).map(([, id]) => Number(id));
  return { number, runs: of("run"), answered: new Set(of("answered")), threw: new Set(of("threw")) };
}

function lettersOf(sender: string, lines: readonly (readonly string[])[]): readonly Letter[] {
  const letters = new Map<number, Letter>();
  for (const [word, digits, third = "", fourth] of lines) {
    const id = Number(digits);
    const letter = letters.get(id);
    if (word === "sent") {
      letters.set(id, { id, way: `${sender}/${third}`, repeats: fourth === "repeat", outcome: undefined });
    } else {
      assert.ok(letter && letter.outcome === undefined, `message ${id} ended twice, or was never sent`);
      letter.outcome = word === "ack" ? `ack ${third}` : third;
    }
  }
  return [...letters.values()];
}

function checkLife({ number, runs }: Life, letters: ReadonlyMap<number, Letter>): void {
  assert.equal(new Set(runs).size, runs.length, `life ${number} ran a message twice`);
  const last = new Map<string, number>();
  for (const id of runs) {
    const way = letters.get(id)?.way ?? "";
    assert.ok((last.get(way) ?? -1) < id, `life ${number} ran ${id} after ${last.get(way)} on ${way}`);
    last.set(way, id);
  }
}

function checkLetter({ id, repeats, outcome }: Letter, lives: readonly Life[]): void {
  const ran = lives.filter(({ runs }) => runs.includes(id));
  if (!repeats) assert.ok(ran.length <= 1, `message ${id} ran in ${ran.length} lives`);
  if (outcome?.startsWith("ack ")) {
    const [life, of] = outcome.slice(4).split(":").map(Number);
    const earned = lives.find(({ number }) => number === life)?.answered.has(id);
    assert.ok(earned && of === id, `message ${id}: ${outcome} was not earned`);
  } else if (outcome === "PEER_REFUSED") {
    const refused = ran.some(({ threw }) => threw.has(id));
    assert.ok(refused, `message ${id} was not refused`);
  } else if (outcome === "PEER_MISSING" || outcome === "PEER_LOST" || outcome === "NOT_RUN") {
    assert.equal(ran.length, 0, `message ${id} ran, and its sender heard ${outcome}`);
  } else {
    const known = [undefined, "DELIVERY_UNKNOWN", "given-up"].includes(outcome);
    assert.ok(known, `message ${id}: ${outcome}`);
  }
}
