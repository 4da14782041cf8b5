/**
 * How well mail is read, against the answers that other projects keep beside their test messages (`CORPORA_DIR`, or the
 * folder beside this one).
 *
 *     node bench/score.ts [--json] [--wrong] [--postal-mime] [set …]
 *
 * The set `kept` is no answer of others: all of it goes through a process of the service, and out again.
 *
 * `--wrong` lists what differs; `--postal-mime` scores that library instead, in the sets that ask for nothing else of a reader.
 */
import { cjkScores } from './scores/cjk.ts';
import { everythingScores } from './scores/everything.ts';
import { headerRowScores } from './scores/header-rows.ts';
import { keptScores } from './scores/kept.ts';
import { mailParserScores } from './scores/mail-parser.ts';
import { mime4jScores } from './scores/mime4j.ts';
import { ordinaryScores } from './scores/ordinary.ts';
import { readByPostalMime } from './scores/postal-mime.ts';
import type { Score } from './scores/score.ts';
import { sisimaiScores } from './scores/sisimai.ts';
import { zbatesonScores } from './scores/zbateson.ts';

const SETS: Readonly<Record<string, () => Promise<readonly Score[]> | readonly Score[]>> = {
  'mail-parser': mailParserScores,
  'mail-parser-rows': headerRowScores,
  cjk: cjkScores,
  zbateson: zbatesonScores,
  mime4j: mime4jScores,
  everything: everythingScores,
  sisimai: sisimaiScores,
  ordinary: ordinaryScores,
  kept: keptScores,
};

const OTHER_SETS: typeof SETS = {
  'mail-parser': async () => mailParserScores(readByPostalMime),
  cjk: async () => cjkScores(readByPostalMime),
};

const options = process.argv.slice(2);
const wanted = options.filter((option) => !option.startsWith('--'));
const scores: Score[] = [];
for (const [name, score] of Object.entries(options.includes('--postal-mime') ? OTHER_SETS : SETS))
  if (wanted.length === 0 || wanted.includes(name)) scores.push(...(await score()));

if (options.includes('--json')) console.log(JSON.stringify({ bench: 'score', scores }));
else {
  console.log('set               fact                       right  explained   wrong      of');
  for (const { set, fact, right, of, explained, wrong } of scores) {
    const reasons = Object.entries(explained);
    const counts = [right, reasons.reduce((sum, [, count]) => sum + count, 0), wrong.length, of];
    const [one, two, three, four] = counts.map(String);
    console.log(
      `${set.padEnd(18)}${fact.padEnd(24)}${one?.padStart(8)}${two?.padStart(11)}${three?.padStart(8)}${four?.padStart(8)}`,
    );
    if (!options.includes('--wrong')) continue;
    for (const [reason, count] of reasons) console.log(`    ${count} explained: ${reason}`);
    for (const line of wrong) console.log(`    ${line}`);
  }
}
