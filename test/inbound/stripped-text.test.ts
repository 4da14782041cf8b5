import { describe, expect, it, test } from 'vitest';
import { strippedText } from '../../src/inbound/stripped-text.ts';
import { expectProportional } from '../support/growth.ts';

describe('the answer without what it answers', () => {
  it.each([
    [
      'a quotation below',
      'Yes.\n\nOn Tue, Nov 24, 2026 at 9:43 AM Bob <bob@b.example> wrote:\n\n> old\n',
      'Yes.',
    ],
    [
      'its introduction on two lines',
      'Yes.\n\nOn Tue, Nov 24, 2026 at 9:43 AM Bob Builder <bob@b.example>\nwrote:\n\n> old\n>> older\n',
      'Yes.',
    ],
    ['German', 'Ja.\n\nAm 24.11.2026 um 9:43 schrieb Bob <bob@b.example>:\n> alt\n', 'Ja.'],
    ['French', 'Oui.\n\nLe mar. 24 nov. 2026 à 9:43, Bob <bob@b.example> a écrit :\n> vieux\n', 'Oui.'],
    ['Japanese', 'はい。\n\n2026/11/24 9:43、Bob <bob@b.example>のメッセージ:\n\n> 古い\n', 'はい。'],
    [
      'Outlook',
      'Thanks!\n\n-----Original Message-----\nFrom: A <a@b.example>\nSent: then\n\nold\n',
      'Thanks!',
    ],
    ['Korean', '네.\n\n2026년 1월 1일 (목) 오전 10:00, 길동 <hong@b.example>님이 작성:\n\n> 옛\n', '네.'],
    ['Chinese', '好。\n\nBob <bob@b.example> 于2026年1月1日周四 10:00写道：\n\n> 旧\n', '好。'],
    ['Japanese of Gmail', 'はい。\n\n2026年1月1日(木) 10:00 Bob <bob@b.example>:\n\n> 古い\n', 'はい。'],
    ['no quotation behind it', '길동님이 작성:\n글\n', '길동님이 작성:\n글'],
    ['a signature', 'Yes.\r\n\r\n-- \r\nJane\r\nACME\r\n', 'Yes.'],
    ['a telephone', 'Yes.\n\nSent from my iPhone\n', 'Yes.'],
    ['answers between the lines', '> q1\n\none\n\n> q2\n\ntwo\n', 'one\ntwo'],
    [
      'nothing to leave out',
      'Only $5, said Op.\n\nReally $& $` $1.\n',
      'Only $5, said Op.\n\nReally $& $` $1.',
    ],
    ['nothing at all', '', ''],
    ['a mark of ours', 'a \uE0000\uE001 b', 'a \uE0000\uE001 b'],
  ])('%s', (_what, text, answer) => {
    expect(strippedText(text)).toBe(answer);
  });

  it('keeps long lines where they were', () => {
    const long = 'word '.repeat(200).trim();
    expect(strippedText(`${long}\n\nBye\n\n${long}\n\nOn 1 May, A <a@b.example> wrote:\n> ${long}\n`)).toBe(
      `${long}\n\nBye\n\n${long}`,
    );
  });

  it('has at most 64 KiB, and never half a character', () => {
    const cut = strippedText('안'.repeat(100_000));
    expect(new TextEncoder().encode(cut).length).toBe(65_535);
    expect(cut).toMatch(/^안+$/);
  });
});

test('threats §7 r17: what would copy all that stands before it, again and again, copies nothing', () => {
  const ends = { On: 'wrote:', Le: 'écrit :', El: 'escribió:', Il: 'scritto:', Em: 'escreveu:' };
  const bombs = Object.entries(ends).map(([begin, end]) => `${begin} ${'$`'.repeat(6)} x ${end}`);
  const text = [...Array<string>(200).fill('hello'), ...bombs].join('\n');
  expect(strippedText(text)).toBe(text);
});

const FLOODS: readonly (readonly [string, string])[] = [
  ['line ends', '\n'],
  ['spaces', ' \t\r\n'],
  ['one long line', ' '],
  ['beginnings', 'Op \n'],
  ['beginnings and ends', 'Op x\nschreef y:\nDnia z\npisze:\n'],
  ['copies', 'On $`$`$` x wrote:\nLe $` x écrit :\n'],
  ['dates', `${'01.01.2020 11:11"<>'.repeat(8)}\n`],
  ['digits', `${'1'.repeat(60)}from${'<'.repeat(40)}${'>'.repeat(40)}\n`],
  ['names', `From: ${'[ '.repeat(70)}\n`],
  ['words', `${'x on at wrote '.repeat(11)}\n`],
  ['quotes and blanks', '> a\n\n'],
  ['unknown headers', '2026年x>:\n'],
  ['unknown headers between others', '2026年x>:\na\n'],
  ['dashes', `${'-'.repeat(158)}\n`],
];

describe('threats §7 r17: a flood of what the library looks for costs nothing', () => {
  // Unguarded, each takes seconds for a hundredth of it, and the copies become gigabytes.
  it.each(FLOODS)('%s', async (_what, unit) => {
    await expectProportional(1_000_000 / unit.length, (count) => {
      expect(strippedText(unit.repeat(count)).length).toBeLessThanOrEqual(65_536);
    });
  });
});
