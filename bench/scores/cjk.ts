import { corpusFile } from '../../test/support/corpora.ts';
import { type Reader, readMail } from './read-mail.ts';
import { type Score, Tally } from './score.ts';

/** The files of `cpython-email/cjkencodings`, and how mail calls their charsets. */
const LABELS: Readonly<Record<string, readonly string[]>> = {
  big5: ['Big5'],
  cp949: ['ks_c_5601-1987', 'EUC-KR', 'cp949'],
  euc_jp: ['EUC-JP'],
  gb2312: ['GB2312', 'GBK'],
  gbk: ['GBK', 'gb2312'],
  hz: ['HZ-GB-2312'],
  iso2022_jp: ['ISO-2022-JP'],
  shift_jis: ['Shift_JIS'],
};

/** Texts in Chinese, Japanese and Korean, put into mail in every way that mail has, and read back. */
export async function cjkScores(read: Reader = readMail): Promise<readonly Score[]> {
  const tally = new Tally('cjk');
  for (const [name, labels] of Object.entries(LABELS)) {
    const bytes = corpusFile(`cpython-email/cjkencodings/${name}.txt`);
    const text = corpusFile(`cpython-email/cjkencodings/${name}-utf8.txt`)?.toString();
    if (bytes === null || text === undefined) continue;
    for (const label of labels) {
      const lines = pairedLines(bytes, text, name);
      for (const [encoding, body] of Object.entries(bodiesOf(bytes))) {
        const mail = await read(mailOf(label, encoding, body));
        tally.add(`body, ${encoding}`, `${name} as ${label}`, mail.text === text, 'another text');
      }
      for (const word of ['B', 'Q'] as const) {
        for (const [line, expected] of lines) {
          const header = `Subject: ${wordsOf(label, word, line)}\r\n\r\n`;
          const { subject } = await read(Buffer.from(header));
          tally.equal(`subject, ${word}`, `${name} as ${label}`, subject, expected);
        }
      }
    }
  }
  return tally.scores();
}

/** Lines whose bytes stand alone: HZ and ISO-2022 return to ASCII at each line end. Control characters do not survive a header. */
function pairedLines(bytes: Buffer, text: string, name: string): readonly (readonly [Buffer, string])[] {
  const lines = bytes
    .toString('latin1')
    .split('\n')
    .map((line) => Buffer.from(line, 'latin1'));
  const expected = text.split('\n');
  if (name === 'hz' || lines.length !== expected.length) return [];
  return lines.flatMap((line, i) => {
    const wanted = (expected[i] ?? '').trimEnd();
    return wanted === '' || /\p{Cc}/u.test(wanted) ? [] : [[Buffer.from(line), expected[i] ?? ''] as const];
  });
}

function bodiesOf(bytes: Buffer): Readonly<Record<string, string | Buffer>> {
  return {
    base64: bytes.toString('base64').replace(/.{76}/g, '$&\r\n'),
    'quoted-printable': [...bytes]
      .map((byte) => (byte === 0x0a ? '=0A' : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`))
      .join('')
      .replace(/.{75}/g, '$&=\r\n'),
    '8bit': bytes,
  };
}

function mailOf(label: string, encoding: string, body: string | Buffer): Buffer {
  const header = `Content-Type: text/plain; charset="${label}"\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`;
  return Buffer.concat([Buffer.from(header), Buffer.from(body)]);
}

/** Cut every 30 bytes, whatever character that cuts in two, but for the charsets whose words each begin in ASCII. */
function wordsOf(label: string, encoding: 'B' | 'Q', line: Buffer): string {
  const step = /2022/.test(label) ? line.length : 30;
  const words: string[] = [];
  for (let at = 0; at < line.length; at += step) {
    const piece = line.subarray(at, at + step);
    const content =
      encoding === 'B'
        ? piece.toString('base64')
        : [...piece].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
    words.push(`=?${label}?${encoding}?${content}?=`);
  }
  return words.join('\r\n ');
}
