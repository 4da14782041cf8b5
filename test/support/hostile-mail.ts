import type { BrokenLimit } from '../../src/mime/parsed.ts';

/** One mail that is meant to cost its reader more than it cost its writer (threats section 7). */
export interface HostileMail {
  /** Of the section: its caps are rows 1 to 9. */
  readonly row: number;
  readonly name: string;
  /** Which limit it breaks at any size from a megabyte on; null when it is merely read. */
  readonly breaks: BrokenLimit | null;
  /** All that happens in a header: more bytes than it may have change nothing. */
  readonly isHeader?: boolean;
  /** About so many bytes, in pieces; the beginning is the same at every size. */
  pieces(bytes: number): Iterable<Uint8Array>;
}

const HEAD = 'From: a@b.example\r\nSubject: hostile\r\n';
const TEXT = `${HEAD}Content-Type: text/plain; charset=utf-8\r\n`;
const MULTIPART = `${HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n`;
const PIECE = 64 * 1024;

/** A beginning, and one text over and over. */
function repeated(head: string, unit: string, tail = ''): HostileMail['pieces'] {
  return function* (bytes) {
    yield latin1(head);
    const times = Math.max(1, Math.ceil(PIECE / unit.length));
    const piece = latin1(unit.repeat(times));
    for (let left = bytes; left > 0; left -= piece.length)
      yield piece.subarray(0, Math.min(left, piece.length));
    yield latin1(tail);
  };
}

/** Units that differ by their number. */
function numbered(head: string, unit: (n: number) => string): HostileMail['pieces'] {
  return function* (bytes) {
    yield latin1(head);
    let piece = '';
    let left = bytes;
    for (let n = 0; left > 0; n += 1) {
      piece += unit(n);
      if (piece.length < PIECE) continue;
      left -= piece.length;
      yield latin1(piece);
      piece = '';
    }
    yield latin1(piece);
  };
}

function latin1(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

const nested = (type: string) =>
  numbered(HEAD, (n) => `Content-Type: ${type}; boundary=b${n}\r\n\r\n--b${n}\r\n`);
const field = (start: string, unit: string) => repeated(`${HEAD}${start}`, unit, '\r\n\r\nbody\r\n');
const flood = (unit: string, type = 'text/plain') => repeated(`${HEAD}Content-Type: ${type}\r\n\r\n`, unit);

export const HOSTILE_MAIL: readonly HostileMail[] = [
  {
    row: 10,
    name: 'multiparts in multiparts without end',
    breaks: 'depth',
    pieces: nested('multipart/mixed'),
  },
  { row: 10, name: 'alternatives in alternatives', breaks: 'depth', pieces: nested('multipart/alternative') },
  {
    row: 10,
    name: 'mail in mail without end',
    breaks: null,
    pieces: repeated(HEAD, 'Content-Type: message/rfc822\r\n\r\n'),
  },
  { row: 11, name: 'empty parts', breaks: 'parts', pieces: repeated(MULTIPART, '--b\n') },
  {
    row: 11,
    name: 'parts with a header and a file',
    breaks: 'parts',
    pieces: repeated(MULTIPART, '--b\r\nContent-Type: image/png\r\n\r\nx\r\n'),
  },
  {
    row: 11,
    name: 'parts with unknown charsets',
    breaks: 'parts',
    pieces: numbered(MULTIPART, (n) => `--b\r\nContent-Type: text/plain; charset=x-${n}\r\n\r\n\xe9\r\n`),
  },
  {
    row: 11,
    name: 'files by uuencode',
    breaks: 'parts',
    pieces: repeated(`${TEXT}\r\n`, 'begin 644 a\n#86)C\nend\n'),
  },
  { row: 12, name: 'a header field without end', breaks: 'header', pieces: field('X: ', 'x') },
  {
    row: 12,
    name: 'header fields without end',
    breaks: 'fields',
    pieces: numbered(HEAD, (n) => `X${n}: x\r\n`),
  },
  { row: 12, name: 'folds without end', breaks: 'header', pieces: field('X: x', '\r\n x') },
  {
    row: 12,
    name: 'no blank line, and nothing that is a field',
    breaks: 'header',
    pieces: repeated(HEAD, 'what is this\r\n'),
  },
  { row: 12, name: 'a text line without end', breaks: 'line_length', pieces: repeated(`${TEXT}\r\n`, 'x') },
  { row: 13, name: 'line feeds only', breaks: 'lines', pieces: repeated(`${TEXT}\r\n`, '\n') },
  { row: 13, name: 'CRLF only', breaks: 'lines', pieces: repeated(`${TEXT}\r\n`, '\r\n') },
  { row: 13, name: 'CR only', breaks: 'line_length', pieces: repeated(`${TEXT}\r\n`, '\r') },
  { row: 13, name: 'nothing but line feeds', breaks: 'lines', pieces: repeated('', '\n') },
  { row: 13, name: 'nothing but CR', breaks: 'header', pieces: repeated('', '\r') },
  {
    row: 13,
    name: 'line feeds in a file',
    breaks: 'lines',
    pieces: repeated(`${HEAD}Content-Type: image/png\r\n\r\n`, '\n'),
  },
  { row: 14, name: 'beginnings of encoded words', breaks: 'header', pieces: field('Subject: ', '=?') },
  { row: 14, name: 'half encoded words', breaks: 'header', pieces: field('To: ', '=?a?q?') },
  { row: 14, name: 'encoded words', breaks: 'header', pieces: field('To: ', '=?utf-8?q?=E9?= ') },
  {
    row: 14,
    name: 'encoded words of Korean',
    breaks: 'header',
    pieces: field('Subject: x', ' =?euc-kr?B?sKE=?='),
  },
  { row: 14, name: 'references', breaks: 'header', pieces: field('References:', ' <a@b.example>') },
  { row: 14, name: 'a date of digits', breaks: 'header', pieces: field('Date: ', '1') },
  { row: 14, name: 'addresses', breaks: 'addresses', pieces: field('To: ', 'a@b.example,') },
  { row: 14, name: 'opened comments', breaks: 'header', pieces: field('To: ', '(') },
  { row: 14, name: 'opened brackets and quotes', breaks: 'header', pieces: field('To: ', '<"\\",') },
  { row: 14, name: 'dots and white space in an address', breaks: 'header', pieces: field('To: a', ' . a') },
  { row: 14, name: 'colons in an address field', breaks: 'header', pieces: field('To: ', 'g:') },
  ...['Subject', 'To', 'Date', 'Message-ID', 'References', 'Content-Type', 'X-Other'].flatMap((name) =>
    [' ', '\r', '\t', '\r\n ', '\\', '"', '<', '>', '=?utf-8?Q?', '(a)', '.', '@', ':'].map(
      (unit): HostileMail => ({
        row: 14,
        name: `${name} of ${JSON.stringify(unit)}`,
        breaks: null,
        isHeader: true,
        pieces: repeated(`${HEAD.slice(HEAD.indexOf('S'))}${name}: a`, unit, 'a@b\r\n\r\nbody\r\n'),
      }),
    ),
  ),
  { row: 15, name: 'semicolons', breaks: 'header', pieces: field('Content-Type: text/plain', ';') },
  {
    row: 15,
    name: 'parameters',
    breaks: 'parameters',
    pieces: numbered(`${HEAD}Content-Type: text/plain`, (n) => `; a${n}=b`),
  },
  {
    row: 15,
    name: 'continuations',
    breaks: 'parameters',
    pieces: numbered(`${HEAD}Content-Type: text/plain`, (n) => `; name*${n}=b`),
  },
  {
    row: 15,
    name: 'escaped quotes',
    breaks: 'header',
    pieces: field('Content-Type: text/plain; name="', '\\"'),
  },
  { row: 15, name: 'opened comments in a type', breaks: 'header', pieces: field('Content-Type: ', '(') },
  {
    row: 15,
    name: 'a boundary without end',
    breaks: 'header',
    pieces: field('Content-Type: multipart/mixed; boundary="', 'b'),
  },
  { row: 15, name: 'lines that may be delimiters', breaks: 'lines', pieces: repeated(MULTIPART, '--\n') },
  { row: 15, name: 'one line that may be a delimiter', breaks: null, pieces: repeated(MULTIPART, '-') },
  {
    row: 16,
    name: 'quoted-printable of equals signs',
    breaks: null,
    pieces: repeated(`${TEXT}Content-Transfer-Encoding: quoted-printable\r\n\r\n`, '='),
  },
  {
    row: 16,
    name: 'quoted-printable of white space',
    breaks: null,
    pieces: repeated(`${TEXT}Content-Transfer-Encoding: quoted-printable\r\n\r\n`, ' '),
  },
  {
    row: 16,
    name: 'quoted-printable of line feeds',
    breaks: null,
    pieces: repeated(`${TEXT}Content-Transfer-Encoding: quoted-printable\r\n\r\n`, '=0A=\r\n'),
  },
  {
    row: 16,
    name: 'base64 of junk',
    breaks: null,
    pieces: repeated(`${HEAD}Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n`, '*=A-'),
  },
  {
    row: 16,
    name: 'format=flowed',
    breaks: 'lines',
    pieces: repeated(`${HEAD}Content-Type: text/plain; format=flowed\r\n\r\n`, '> a \r\n'),
  },
  {
    row: 16,
    name: 'format=flowed in base64',
    breaks: null,
    pieces: repeated(
      `${HEAD}Content-Type: text/plain; format=flowed\r\nContent-Transfer-Encoding: base64\r\n\r\n`,
      `${Buffer.from('a \n'.repeat(18)).toString('base64')}\r\n`,
    ),
  },
  { row: 17, name: 'opened tags', breaks: 'line_length', pieces: flood('<', 'text/html') },
  { row: 17, name: 'opened comments of HTML', breaks: 'line_length', pieces: flood('<!--', 'text/html') },
  { row: 17, name: 'opened styles', breaks: 'line_length', pieces: flood('<style', 'text/html') },
  { row: 17, name: 'opened meta tags', breaks: 'line_length', pieces: flood('<meta ', 'text/html') },
  { row: 17, name: 'entities', breaks: 'line_length', pieces: flood('&amp', 'text/html') },
  { row: 17, name: 'addresses in text', breaks: 'line_length', pieces: flood('mailto:a@') },
  {
    row: 19,
    name: 'empty escapes of ISO-2022-JP',
    breaks: 'line_length',
    pieces: flood('\x1b$B\x1b(B', 'text/plain; charset=iso-2022-jp'),
  },
  {
    row: 19,
    name: 'a delivery report of blocks',
    breaks: 'text',
    pieces: repeated(
      `${HEAD}Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n`,
      'Action: failed\r\n\r\n',
    ),
  },
];
