/** How many of the answers beside a corpus were met, and which were not. */
export interface Score {
  readonly set: string;
  readonly fact: string;
  readonly right: number;
  readonly of: number;
  /** Where we decided otherwise than the answer, by the reason. Not among the right. */
  readonly explained: Readonly<Record<string, number>>;
  /** Which message, and what differs without a reason. */
  readonly wrong: readonly string[];
}

/** The reason for which a fact of a message may differ; null where it must agree. */
export type Explain = (fact: string, where: string) => string | null;

interface Counts {
  right: number;
  of: number;
  readonly explained: Record<string, number>;
  readonly wrong: string[];
}

/** Counts the facts of one set. */
export class Tally {
  readonly #set: string;
  readonly #explain: Explain;
  readonly #facts = new Map<string, Counts>();

  constructor(set: string, explain: Explain = () => null) {
    this.#set = set;
    this.#explain = explain;
  }

  /** Compared as JSON: what is written down is what must agree. */
  equal(fact: string, where: string, actual: unknown, expected: unknown): void {
    const [one, other] = [JSON.stringify(actual), JSON.stringify(expected)];
    this.add(fact, where, one === other, `${clipped(one)} instead of ${clipped(other)}`);
  }

  add(fact: string, where: string, isRight: boolean, difference: string): void {
    const counts = this.#facts.get(fact) ?? { right: 0, of: 0, explained: {}, wrong: [] };
    this.#facts.set(fact, counts);
    counts.of += 1;
    const reason = isRight ? null : this.#explain(fact, where);
    if (isRight) counts.right += 1;
    else if (reason === null) counts.wrong.push(`${where}: ${difference}`);
    else counts.explained[reason] = (counts.explained[reason] ?? 0) + 1;
  }

  scores(): readonly Score[] {
    return [...this.#facts].map(([fact, counts]) => ({ set: this.#set, fact, ...counts }));
  }
}

const CLIP = 160;

function clipped(json: string | undefined): string {
  const text = json ?? 'nothing';
  return text.length > CLIP ? `${text.slice(0, CLIP)}…` : text;
}
