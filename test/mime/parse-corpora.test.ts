import { describe, expect, test } from 'vitest';
import { cjkScores } from '../../bench/scores/cjk.ts';
import { everythingScores } from '../../bench/scores/everything.ts';
import { headerRowScores } from '../../bench/scores/header-rows.ts';
import { mailParserScores } from '../../bench/scores/mail-parser.ts';
import { mime4jScores } from '../../bench/scores/mime4j.ts';
import type { Score } from '../../bench/scores/score.ts';
import { zbatesonScores } from '../../bench/scores/zbateson.ts';
import { corpusPaths } from '../support/corpora.ts';

/** Right answers by set and fact: they may only rise. All others must have a reason, given beside the set. */
const FLOOR: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'mail-parser': {
    from: 142,
    to: 126,
    cc: 142,
    subject: 128,
    date: 142,
    text: 128,
    html: 142,
    'number of files': 140,
    'bytes of files': 124,
    'text of files': 18,
  },
  'mail-parser-rows': { address: 35, date: 26, unstructured: 14, type: 55, parameter: 51 },
  cjk: {
    'body, base64': 12,
    'body, quoted-printable': 12,
    'body, 8bit': 12,
    'subject, B': 83,
    'subject, Q': 83,
  },
  zbateson: { 'a whole fable': 31, images: 34 },
  mime4j: { 'number of parts': 35, 'bytes of parts': 82 },
  everything: {
    'in time': 797,
    'something is found': 797,
    'the same in small blocks': 796,
    'the same header with LF and CRLF': 796,
  },
};

const SETS: readonly (readonly [set: string, score: () => Promise<readonly Score[]> | readonly Score[]])[] = [
  ['mail-parser', mailParserScores],
  ['mail-parser-rows', headerRowScores],
  ['cjk', cjkScores],
  ['zbateson', zbatesonScores],
  ['mime4j', mime4jScores],
  ['everything', everythingScores],
];

describe.skipIf(corpusPaths('mail-parser').length === 0)('against the answers beside the corpora', () => {
  test.each(SETS)('%s: every difference has a reason, and no score falls', async (set, score) => {
    const scores = await score();
    expect(scores.flatMap(({ wrong }) => wrong)).toEqual([]);
    for (const { fact, right } of scores) expect(right, fact).toBeGreaterThanOrEqual(FLOOR[set]?.[fact] ?? 0);
    expect(scores.map(({ fact }) => fact).toSorted()).toEqual(Object.keys(FLOOR[set] ?? {}).toSorted());
  });
});
