import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a stretch of time was spent on. The first pattern that the innermost named frame fits decides. */
const SHARES: readonly (readonly [share: string, pattern: RegExp])[] = [
  ['SQLite', /\/src\/platform\/node\/(?:sqlite|write-ahead-log)\.ts|^node:sqlite/],
  ['the room', /\/src\/mailroom\/|\/src\/platform\/node\/(?:group|accounts|ids)\.ts/],
  ['hashing', /internal\/crypto|\/hasher\.ts/],
  ['composing', /\/src\/mime\//],
  [
    'SMTP',
    /\/src\/relay\/|\/nodemailer\/|^node:(?:net|stream|internal\/streams?|internal\/stream_base_commons|tls|buffer)/,
  ],
  ['the clerk', /\/src\/clerk\/|\/src\/operator\//],
  ['collecting garbage', /^\(garbage collector\)$/],
  ['idle', /^\(idle\)$/],
];

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
  readonly endTime: number;
}

/** Runs `work` with the options that make Node write a profile, and tells the share of each kind of work, start-up left out. */
export async function sharesOf(
  work: (nodeOptions: readonly string[]) => Promise<unknown>,
): Promise<Readonly<Record<string, number>>> {
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-bench-'));
  try {
    await work(['--cpu-prof', `--cpu-prof-dir=${folder}`]);
    const [file] = (await readdir(folder)).filter((name) => name.endsWith('.cpuprofile'));
    if (file === undefined) return {};
    return shares(JSON.parse(await readFile(join(folder, file), 'utf8')) as Profile);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function shares({ nodes, samples, timeDeltas }: Profile): Readonly<Record<string, number>> {
  const parents = new Map<number, number>();
  for (const { id, children } of nodes) for (const child of children ?? []) parents.set(child, id);
  const own = new Map(nodes.map(({ id, callFrame }) => [id, shareOf(callFrame)]));
  const kind = (id: number): string => {
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const share = own.get(at);
      if (share !== undefined && share !== null) return share;
    }
    return 'the rest';
  };
  const kinds = samples.map(kind);
  const isWork = (share: string): boolean => share === 'SMTP' || share === 'composing' || share === 'SQLite';
  // Until the first mail goes out modules are loaded; what comes after the last is the stop.
  const from = kinds.indexOf('composing');
  const to = kinds.findLastIndex(isWork);
  const sums = new Map<string, number>();
  let all = 0;
  for (let at = Math.max(from, 0); at <= to; at += 1) {
    const share = kinds[at] ?? 'the rest';
    const time = timeDeltas[at] ?? 0;
    sums.set(share, (sums.get(share) ?? 0) + time);
    all += time;
  }
  return Object.fromEntries([...sums].map(([share, time]) => [share, time / all]));
}

function shareOf({ functionName, url }: Profile['nodes'][number]['callFrame']): string | null {
  const name = url === '' ? functionName : url;
  return SHARES.find(([, pattern]) => pattern.test(name))?.[0] ?? null;
}
