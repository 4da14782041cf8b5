import { decodeCharset } from '../../src/mime/charsets.ts';
import type { ParsedAddress } from '../../src/mime/parsed.ts';
import { corpusFile, corpusPaths } from '../../test/support/corpora.ts';
import { type Reader, type ReadFacts, readMail, withLineEnds } from './read-mail.ts';
import { type Score, Tally } from './score.ts';

type Tagged<Name extends string, Value> = { readonly [name in Name]?: Value };

interface Mailbox {
  readonly name: string | null;
  readonly address: string | null;
}

export interface Value {
  readonly Text?: string;
  readonly Address?: {
    readonly List?: readonly Mailbox[];
    readonly Group?: readonly { readonly addresses: readonly Mailbox[] }[];
  };
  readonly DateTime?: DateFields;
  readonly ContentType?: {
    readonly attributes?: readonly { readonly name: string; readonly value: string }[] | null;
  };
}

interface DateFields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly tz_before_gmt: boolean;
  readonly tz_hour: number;
  readonly tz_minute: number;
}

interface Part {
  /** A value is `Empty`, or an object with one member that names its kind. */
  readonly headers: readonly { readonly name: unknown; readonly value: Value | 'Empty' }[];
  readonly body: Tagged<'Text' | 'Html', string> &
    Tagged<'Binary' | 'InlineBinary', readonly number[]> &
    Tagged<'Message', Message> &
    Tagged<'Multipart', readonly number[]>;
}

interface Message {
  readonly text_body: readonly number[];
  readonly html_body: readonly number[];
  readonly parts: readonly Part[];
}

const UTF_7 = 'UTF-7 is shown as it stands';
const UNDECLARED =
  '8-bit text without a charset, or with the wrong one, is windows-1252 here and U+FFFD there';
const FLOWED = 'format=flowed: broken lines are joined here';
const UUENCODED = 'uuencode is undone here';
const NOT_BASE64 = 'says base64 and is not: what can be decoded here, the text as it stands there';

/** Where we decided otherwise, by message. */
const EXPLAINED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'legacy/001': { to: UTF_7, subject: UTF_7, text: UTF_7 },
  'legacy/005': { to: UTF_7, subject: UTF_7, text: UTF_7 },
  'legacy/009': { text: FLOWED },
  'legacy/010': { to: UNDECLARED, subject: UNDECLARED },
  'legacy/017': { to: UNDECLARED, subject: UNDECLARED, 'bytes of files': UUENCODED },
  'legacy/020': { to: UNDECLARED, subject: UNDECLARED },
  'legacy/022': { to: UNDECLARED, subject: UNDECLARED },
  'legacy/026': { 'text of files': UUENCODED },
  'legacy/027': { to: UNDECLARED, subject: UNDECLARED },
  'legacy/033': { text: UNDECLARED },
  'legacy/034': { text: UTF_7 },
  'legacy/048': { 'bytes of files': UUENCODED },
  'legacy/049': { text: UUENCODED, 'number of files': UUENCODED },
  'legacy/052': { to: UNDECLARED, subject: UNDECLARED, text: UNDECLARED },
  'rfc/000': { 'text of files': NOT_BASE64 },
};

/** 64 messages, each with LF and with CRLF, and the mail enclosed in them. */
export async function mailParserScores(read: Reader = readMail): Promise<readonly Score[]> {
  const tally = new Tally(
    'mail-parser',
    (fact, where) => EXPLAINED[where.slice(0, where.indexOf('.'))]?.[fact] ?? null,
  );
  for (const path of corpusPaths('mail-parser/eml').filter((name) => name.endsWith('.eml'))) {
    for (const end of ['LF', 'CRLF'] as const) {
      const answer = corpusFile(path.replace(/\.eml$/, end === 'LF' ? '.json' : '.crlf.json'));
      const bytes = corpusFile(path);
      if (answer === null || bytes === null) continue;
      const expected = JSON.parse(answer.toString()) as Message;
      const where = `${path.replace(/^mail-parser\/eml\//, '')} ${end}`;
      await compareMessage(tally, where, await read(withLineEnds(bytes, end)), expected, read);
    }
  }
  return tally.scores();
}

async function compareMessage(
  tally: Tally,
  where: string,
  mail: ReadFacts,
  expected: Message,
  read: Reader,
): Promise<void> {
  const header = expected.parts[0]?.headers ?? [];
  const value = (name: string): Value => {
    const found = header.find((field) => field.name === name)?.value;
    return found === undefined || found === 'Empty' ? {} : found;
  };
  for (const name of ['from', 'to', 'cc'] as const)
    tally.equal(name, where, mail[name], mailboxes(value(name)));
  tally.equal('subject', where, mail.subject, value('subject').Text ?? '');
  tally.equal('date', where, mail.date, dateOf(value('date')));
  tally.equal('text', where, mail.text, bodyOf(expected, expected.text_body, 'Text'));
  tally.equal('html', where, mail.html, bodyOf(expected, expected.html_body, 'Html'));
  await compareFiles(tally, where, mail, expected, read);
}

async function compareFiles(
  tally: Tally,
  where: string,
  mail: ReadFacts,
  expected: Message,
  read: Reader,
): Promise<void> {
  const bodies = new Set([...expected.text_body, ...expected.html_body]);
  const files = expected.parts.filter(
    ({ body }, i) =>
      body.Multipart === undefined &&
      !(bodies.has(i) && (body.Text !== undefined || body.Html !== undefined)),
  );
  tally.equal('number of files', where, mail.attachments.length, files.length);
  for (const [i, { body, headers }] of files.entries()) {
    const file = mail.attachments[i];
    if (file === undefined) continue;
    const binary = body.Binary ?? body.InlineBinary;
    const text = body.Text ?? body.Html;
    if (binary !== undefined) {
      const right = Buffer.from(binary).equals(file.kept);
      const difference = `${file.size} bytes instead of ${binary.length}`;
      tally.add('bytes of files', `${where} file ${i}`, right, difference);
    } else if (body.Message !== undefined) {
      await compareMessage(tally, `${where} > ${i}`, await read(file.kept), body.Message, read);
    } else
      tally.equal(
        'text of files',
        `${where} file ${i}`,
        decodeCharset(file.kept, charsetIn(headers), null),
        text,
      );
  }
}

function charsetIn(headers: Part['headers']): string | null {
  const type = headers.find(({ name }) => name === 'content_type')?.value;
  if (type === undefined || type === 'Empty') return null;
  return type.ContentType?.attributes?.find(({ name }) => name === 'charset')?.value ?? null;
}

/** Groups flattened, as we do. */
export function mailboxes(value: Value): readonly ParsedAddress[] {
  const all = value.Address?.List ?? value.Address?.Group?.flatMap(({ addresses }) => addresses) ?? [];
  return all.map(({ name, address }) => ({ name: name ?? '', address: address ?? '' }));
}

export function dateOf(value: Value): number | null {
  if (value.DateTime === undefined) return null;
  const { year, month, day, hour, minute, second, tz_before_gmt, tz_hour, tz_minute } = value.DateTime;
  const zone = (tz_hour * 60 + tz_minute) * 60_000 * (tz_before_gmt ? -1 : 1);
  return Date.UTC(year, month - 1, day, hour, minute, second) - zone;
}

/** The parts of a body one after the other, each on a line of its own, line ends LF: how we put them together. */
function bodyOf(message: Message, places: readonly number[], kind: 'Text' | 'Html'): string | null {
  const bodies = places.map((place) => message.parts[place]?.body ?? {});
  if (!bodies.some((body) => body[kind] !== undefined)) return null;
  return bodies
    .flatMap((body) => {
      if (body[kind] !== undefined) return [body[kind].replaceAll('\r\n', '\n')];
      if (kind === 'Text' || body.Text === undefined) return [];
      return [inHtml(body.Text.replaceAll('\r\n', '\n'))];
    })
    .reduce((all, text) => (all === '' || all.endsWith('\n') ? all + text : `${all}\n${text}`), '');
}

function inHtml(text: string): string {
  return `<pre>${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}</pre>\n`;
}
