import { describe, expect, it } from 'vitest';
import { lintMessage } from '../../src/mime/lint.ts';
import type { Message } from '../../src/mime/message.ts';
import { expectProportional } from '../support/growth.ts';
import { plainMessage } from './message-under-test.ts';

const codes = (change: Partial<Message>) =>
  lintMessage({ ...plainMessage, ...change }).map(({ code, field }) => [code, field]);

describe('lint', () => {
  it('a plain message has no findings', () => {
    expect(lintMessage({ ...plainMessage, html: '<p>a</p>' })).toEqual([]);
  });

  it.each<[string, Partial<Message>, readonly (readonly string[])[]]>([
    ['html alone', { html: '<p>a</p>', text: null }, [['missing_text', 'text']]],
    ['html beside an empty text', { html: '<p>a</p>', text: '' }, [['missing_text', 'text']]],
    ['a data: image', { html: '<IMG alt="" src = "data:image/png;base64,AA">' }, [['inline_image', 'html']]],
    ['a cid: image', { html: '<img src="cid:a"> data:' }, []],
    [
      '103 KB of html',
      { html: '가'.repeat(35_000) },
      [
        ['html_clipped', 'html'],
        ['long_line', 'html'],
      ],
    ],
    ['a long line of text', { text: 'x'.repeat(999) }, [['long_line', 'text']]],
    ['lines of 998', { text: `${'x'.repeat(998)}\n${'y'.repeat(998)}` }, []],
    ['a blank subject', { subject: ' \u00a0' }, [['blank_subject', 'subject']]],
    [
      'a list URL without one-click',
      { headers: [['List-Unsubscribe', '<https://a.example>']] },
      [['one_click_missing', 'headers.List-Unsubscribe-Post']],
    ],
    [
      'one-click without an https URL',
      {
        headers: [
          ['List-Unsubscribe', '<mailto:a@b.example>'],
          ['list-unsubscribe-post', 'List-Unsubscribe=One-Click'],
        ],
      },
      [['one_click_without_url', 'headers.List-Unsubscribe']],
    ],
    [
      'both',
      {
        headers: [
          ['List-Unsubscribe', '<https://a.example>'],
          ['List-Unsubscribe-Post', 'List-Unsubscribe=One-Click'],
        ],
      },
      [],
    ],
    [
      'a non-ASCII local part',
      { replyTo: [{ name: '', address: '用户@a.example' }] },
      [['needs_smtputf8', 'reply_to']],
    ],
  ])('%s', (_case, change, expected) => {
    expect(codes(change)).toEqual(expected);
  });

  it('markup of any size is looked at in a moment', async () => {
    for (const piece of ['<img ', '<img src=', '<img x src = ', '<img\t'])
      await expectProportional(400_000, (count) =>
        lintMessage({ ...plainMessage, html: piece.repeat(count) }),
      );
  });
});
