/** One line of docs/reliability.md: how often something that must not happen did. */
export interface Figure {
  /** What is counted, in words. */
  readonly figure: string;
  readonly seen: number;
  /** Out of how many. */
  readonly of: number;
  /** Of what. */
  readonly unit: string;
  /** The share that is still good; 0: it must not happen at all. */
  readonly atMost: number;
}

/** What one part has shown. */
export interface Report {
  readonly part: string;
  readonly figures: readonly Figure[];
  /** What else belongs to the picture, in words and numbers. */
  readonly facts: Readonly<Record<string, number>>;
  /** Numbers or ids behind figures that do not hold, for whoever looks for the reason. */
  readonly evidence: readonly string[];
}

/** Nothing was shown when nothing was counted. */
export function holds({ seen, of, atMost }: Figure): boolean {
  return of > 0 && seen <= of * atMost;
}

/** One-sided, 95 %: a true rate above it would have shown more than this with that probability. */
const DOUBT = 0.05;
const HALVINGS = 60;

/**
 * The upper bound of the rate, by Poisson's law: for 0 in n the well-known 3/n.
 *
 * @returns a share of 1; 1 when nothing was counted.
 */
export function upperBound({ seen, of }: Pick<Figure, 'seen' | 'of'>): number {
  if (of === 0) return 1;
  let low = seen;
  let high = 2 * seen + 10;
  for (let step = 0; step < HALVINGS; step++) {
    const mean = (low + high) / 2;
    if (atMostSeen(seen, mean) > DOUBT) low = mean;
    else high = mean;
  }
  return Math.min(1, high / of);
}

/** The probability of `seen` or fewer where `mean` are expected. By logarithms: for hundreds the plain terms underflow. */
function atMostSeen(seen: number, mean: number): number {
  let logarithm = -mean;
  let sum = Math.exp(logarithm);
  for (let count = 1; count <= seen; count++) {
    logarithm += Math.log(mean / count);
    sum += Math.exp(logarithm);
  }
  return sum;
}
