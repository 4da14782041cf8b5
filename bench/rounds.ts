import { median } from './report.ts';

/** One measurement of a contestant: values by name. Null when it cannot be run here. */
export type Measure = (round: number) => Promise<Readonly<Record<string, number>> | null>;

/** Medians by contestant and value. A contestant that cannot run has none. */
export type Medians = Readonly<Record<string, Readonly<Record<string, number>>>>;

/**
 * Runs all contestants in every round, each round beginning with another one, so that whatever else the machine does meets
 * all of them alike. A first round before them warms up and is not counted.
 */
export async function interleaved(
  rounds: number,
  contestants: Readonly<Record<string, Measure>>,
  warmUp = true,
): Promise<Medians> {
  const names = Object.keys(contestants);
  const seen = new Map<string, Map<string, number[]>>();
  for (let round = warmUp ? -1 : 0; round < rounds; round += 1) {
    for (const place of names.keys()) {
      const name = names[(place + Math.max(round, 0)) % names.length] ?? '';
      const values = await contestants[name]?.(round);
      if (values === null || values === undefined || round < 0) continue;
      const kept = seen.get(name) ?? new Map<string, number[]>();
      seen.set(name, kept);
      for (const [key, value] of Object.entries(values)) kept.set(key, [...(kept.get(key) ?? []), value]);
    }
  }
  return Object.fromEntries(
    [...seen].map(([name, kept]) => [
      name,
      Object.fromEntries([...kept].map(([key, values]) => [key, median(values)])),
    ]),
  );
}
