/** One line of a table: what was measured, and its values by column. */
export interface Row {
  readonly what: string;
  readonly values: Readonly<Record<string, number | null>>;
}

/** What a part was to reach. One of the two bounds is set. */
export interface Target {
  readonly target: string;
  readonly is: number;
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** What one part has shown. All values are medians over the rounds. */
export interface Report {
  readonly part: string;
  readonly title: string;
  readonly rows: readonly Row[];
  readonly targets: readonly Target[];
  /** How it was measured, in sentences. */
  readonly notes: readonly string[];
}

/** How much is done: enough to be quoted, or just enough to see that it works. */
export interface Scale {
  readonly isShort: boolean;
  readonly rounds: number;
}

export interface Part {
  readonly name: string;
  readonly run: (scale: Scale) => Promise<Report>;
}

/** False for a target that was not measured, too. */
export function isMet({ is, atLeast, atMost }: Target): boolean {
  return (
    Number.isFinite(is) &&
    is >= (atLeast ?? Number.NEGATIVE_INFINITY) &&
    is <= (atMost ?? Number.POSITIVE_INFINITY)
  );
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Three significant digits: what the rounds tell apart, and no more. */
export function rounded(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(3)) : value;
}

/** A missing measurement is told as none. */
export function told(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : rounded(value);
}
