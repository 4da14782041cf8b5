import { type Report, type Scale, told } from './report.ts';
import { interleaved, type Medians } from './rounds.ts';
import { printed } from './support/printed.ts';

interface Figures {
  readonly kinds: Readonly<Record<string, number>>;
  readonly memory: { readonly peakMiB: number; readonly ms: number };
  readonly hostile: Readonly<Record<string, { readonly ms: number; readonly peakMiB: number }>>;
}

/** Reading mail, beside the bare parser. */
export async function reading({ isShort, rounds }: Scale): Promise<Report> {
  const one = (options: readonly string[]) => async (): Promise<Readonly<Record<string, number>>> => {
    const { kinds, memory, hostile } = await printed<Figures>('parsing.ts', options);
    const worst = Object.values(hostile);
    return {
      ...kinds,
      peakMiB: memory.peakMiB,
      ...(worst.length === 0
        ? {}
        : {
            worstMs: Math.max(...worst.map(({ ms }) => ms)),
            worstMiB: Math.max(...worst.map(({ peakMiB }) => peakMiB)),
          }),
    };
  };
  const short = isShort ? ['--short'] : [];
  const medians = await interleaved(
    isShort ? 1 : rounds,
    { ours: one(short), bare: one([...short, '--postal-mime']) },
    false,
  );
  return reportOf(medians);
}

function reportOf({ ours = {}, bare = {} }: Medians): Report {
  const kinds = Object.keys(ours).filter((name) => !/^(?:peak|worst)/.test(name));
  const value = (name: string): number => ours[name] ?? Number.NaN;
  return {
    part: 'parsing',
    title: 'Reading mail',
    rows: [
      ...kinds.map((what) => ({
        what,
        values: {
          'mails/s': told(value(what)),
          'postal-mime mails/s': told(bare[what]),
          'over postal-mime': told(value(what) / (bare[what] ?? Number.NaN)),
        },
      })),
      {
        what: '25 MiB attachment',
        values: {
          'MiB over rest': told(value('peakMiB')),
          'postal-mime MiB over rest': told(bare['peakMiB']),
        },
      },
      {
        what: 'the worst of hostile mail of 25 MB',
        values: { ms: told(value('worstMs')), 'MiB over rest': told(value('worstMiB')) },
      },
    ],
    targets: kinds.map((what) => ({
      target: `${what}: over postal-mime`,
      is: value(what) / (bare[what] ?? Number.NaN),
      atLeast: 1,
    })),
    notes: [
      'Ours reads a stream and hands files on as they come; postal-mime has the whole mail in memory. `bench/parsing.ts` is the same, alone.',
    ],
  };
}
