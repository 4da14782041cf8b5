import type { Circumstances } from '../support/parts-command.ts';
import { type Figure, holds, type Report, upperBound } from './figure.ts';

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const PRECISE = new Intl.NumberFormat('en', { maximumSignificantDigits: 2 });

export function printCount(count: number): string {
  return WHOLE.format(count);
}

/** As a percentage, to two digits. */
export function printShare(share: number): string {
  return `${PRECISE.format(100 * share)} %`;
}

export function printTarget({ atMost }: Figure): string {
  return atMost === 0 ? '0' : `at most ${printShare(atMost)}`;
}

/** For a terminal. */
export function printTable({
  part,
  figures,
  facts,
  evidence,
  seconds,
}: Report & Pick<Circumstances, 'seconds'>): string {
  const lines = figures.map((figure) =>
    [
      holds(figure) ? 'holds ' : 'FAILS ',
      figure.figure.padEnd(76),
      `${printCount(figure.seen)} of ${printCount(figure.of)} ${figure.unit}`.padEnd(30),
      `below ${printShare(upperBound(figure))}`.padEnd(16),
      `target ${printTarget(figure)}`,
    ].join(' '),
  );
  const others = Object.entries(facts).map(([what, count]) => `       ${what}: ${printCount(count)}`);
  return [
    `${part} (${seconds} s)`,
    ...lines,
    ...others,
    ...evidence.map((line) => `       ! ${line}`),
    '',
  ].join('\n');
}
