import { describe, expect, test } from 'vitest';
import { parseMail } from '../../src/mime/parse-mail.ts';
import type { ParsedMail } from '../../src/mime/parsed.ts';

/** One character for each byte. */
function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

async function read(...pieces: readonly string[]): Promise<ParsedMail<string>> {
  return parseMail({
    source: (async function* () {
      for (const piece of pieces) yield bytesOf(piece);
    })(),
    sink: async (_head, body) => {
      let text = '';
      for await (const piece of body) text += String.fromCharCode(...piece);
      return text;
    },
  });
}

/** Mail of the charsets in which the runtimes' own decoders differ, and of those they lack. */
const CHARSETS: readonly (readonly [label: string, bytes: string, text: string])[] = [
  ['ks_c_5601-1987', '\xb0\xa1\x8c\x63\xc6\x52\xa2\xe6', '가똠힣€'],
  ['euc-kr', '\x81\x41\xc8\xfe\xb0<b>', '갂힝\ufffd<b>'],
  ['iso-2022-kr', '\x1b$)C\x0e0!\x0fA', '가A'],
  ['hz-gb-2312', '~{<:Ky2;~}~~', '己所不~'],
  ['gb2312', '\xbc\xba\x81\x40', '己丂'],
  ['gbk', '\x81\x40\xa1\xa1', '丂\u3000'],
  ['gb18030', '\x81\x30\x84\x36', '¥'],
  ['big5', '\xa4\xa4\xa4\xe5', '中文'],
  ['big5-hkscs', '\xa4\xa4\xa4\xe5', '中文'],
  ['shift_jis', '\x82\xa0\x87\x40\xb1', 'あ①ｱ'],
  ['cp932', '\x82\xa0\xfa\x40', 'あⅰ'],
  ['euc-jp', '\xa4\xa2\xad\xa1\x8e\xb1\x8f\xb0\xa1', 'あ①ｱ丂'],
  ['iso-2022-jp', '\x1b$B$"-!\x1b(I1\x1b(B', 'あ①ｱ'],
  ['iso-2022-jp-1', '\x1b$(D0!\x1b(B', '丂'],
  ['windows-1252', '\x80\xfc', '€ü'],
  ['iso-8859-1', '\x80\xfc', '€ü'],
  ['iso-8859-2', '\xb1', 'ą'],
  ['koi8-r', '\xc1', 'а'],
  ['tis-620', '\xa1', 'ก'],
  ['utf-16le', '\x00\xac', '가'],
  ['utf-7', '+ADw-b+AD4-', '+ADw-b+AD4-'],
  ['no-such-charset', '\xec\x95\x88', '안'],
];

/** What reading mail gives, whichever runtime reads it. */
export function parsingContract(host: string): void {
  describe(`mail read ${host}`, () => {
    test.each(CHARSETS)('in %s', async (label, bytes, text) => {
      const mail = await read(`Content-Type: text/plain; charset=${label}\r\n\r\n${bytes}`);
      expect([mail.text, mail.parse]).toEqual([text, 'full']);
    });

    test('with subject, people, parts and a file', async () => {
      const mail = await read(
        'From: =?ks_c_5601-1987?B?jGM=?= <a@b.example>\r\nTo: G: c@d.example;\r\nSubject: =?utf-8?Q?=EC=95?= =?utf-8?Q?=88?=\r\n',
        'Date: Fri, 21 Nov 1997 09:55:06 -0600\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n',
        "--b\r\nContent-Type: image/png\r\nContent-Disposition: inline; filename*=utf-8''%EA%B0%80.png\r\n",
        'Content-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b--\r\n',
      );
      expect(mail).toMatchObject({
        from: [{ name: '똠', address: 'a@b.example' }],
        to: [{ name: '', address: 'c@d.example' }],
        subject: '안',
        date: 880_127_706_000,
        text: 'text',
        attachments: [
          {
            filename: '가.png',
            contentType: 'image/png',
            disposition: 'inline',
            size: 3,
            kept: '\0\x01\x02',
          },
        ],
      });
    });

    test('within its limits', async () => {
      const mail = await read(
        'Subject: yes\r\n\r\n',
        ...Array.from({ length: 10 }, () => '\n'.repeat(60_000)),
      );
      expect(mail).toMatchObject({ parse: 'limited', limits: ['lines'], subject: 'yes' });
    });
  });
}
