import { describe, expect, it } from 'vitest';
import { HeaderTaker } from '../../src/inbound/header-taker.ts';

const MOST = 64;

function taken(mail: string, pieceBytes = mail.length): { text: string; isCut: boolean } {
  const header = new HeaderTaker(MOST);
  for (let at = 0; at < mail.length; at += pieceBytes) {
    header.take(new TextEncoder().encode(mail.slice(at, at + pieceBytes)));
  }
  return { text: new TextDecoder().decode(header.bytes()), isCut: header.isCut };
}

/** Ends at this byte of the mail, its line end included. */
function filler(end: number): string {
  return `X-Filler: ${'x'.repeat(end - 'X-Filler: \r\n'.length)}\r\n`;
}

describe('the header of a mail that passes', () => {
  it.each([
    ['is kept with its empty line', 'Subject: a\r\n\r\nbody', 'Subject: a\r\n\r\n', false],
    ['is all there is when no empty line comes', 'Subject: a\r\nFrom: b', 'Subject: a\r\nFrom: b', false],
    ['may be as long as that', `${filler(62)}\r\nbody`, `${filler(62)}\r\n`, false],
    ['is as long as that although the mail ends there', filler(64), filler(64), false],
    ['is cut behind a field that ends there', `${filler(64)}From: a@b.example\r\n\r\n`, filler(64), true],
    [
      'is cut before its last field when that goes on',
      `${filler(40)}From: boss@bank.example.evil.example\r\n\r\n`,
      filler(40),
      true,
    ],
    [
      'is cut before a field that goes on behind the cut',
      `${filler(40)}From: a@b.example (fghi\r\n\tj)\r\n\r\n`,
      filler(40),
      true,
    ],
    [
      'is cut before a folded field',
      `${filler(20)}To: a@b.example,\r\n c@d.example,\r\n e@f.example\r\n\r\n`,
      filler(20),
      true,
    ],
    ['holds nothing of one field without end', `Subject: ${'x'.repeat(100)}`, '', true],
  ])('%s', (_what, mail, text, isCut) => {
    for (const pieceBytes of [mail.length, 1, 7]) expect(taken(mail, pieceBytes)).toEqual({ text, isCut });
  });
});
