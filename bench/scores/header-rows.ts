import { readReceivedAddresses } from '../../src/mime/parse-addresses.ts';
import { readReceivedDate } from '../../src/mime/parse-date.ts';
import { firstValue, readReceivedHeader } from '../../src/mime/parse-header.ts';
import { plainParameter, readParameters, textParameter } from '../../src/mime/parse-parameters.ts';
import { decodeReceivedWords } from '../../src/mime/parse-words.ts';
import { corpusFile } from '../../test/support/corpora.ts';
import { dateOf, mailboxes, type Value } from './mail-parser.ts';
import { type Score, Tally } from './score.ts';

interface Row<Expected> {
  /** The value of one field; a second field may follow. */
  readonly header: string;
  readonly expected: Expected;
}

interface ContentType {
  readonly c_type: string;
  readonly c_subtype: string | null;
  readonly attributes?: readonly (readonly [name: string, value: string])[] | null;
}

const CHOICE = 'another choice for what RFC 5322 and RFC 2045 do not allow';
const ROUTE = 'routes and the white space of RFC 5322 §4.4 are left out of addresses here';
const COMMENT = 'comments inside an address, and behind a group, are no names here';
const FOLD = 'a space before a fold and the one behind it are two (RFC 5322 §2.2.3)';
const GLUED = 'a word glued to other text stays glued here';
const SPACE = 'white space around a name, and between encoded words, is not part of it here';
const JUNK = 'no such date, type or parameter exists';

/** Where we decided otherwise, by how the value begins. */
const EXPLAINED: readonly (readonly [begins: string, reason: string])[] = [
  ['Pete(A nice', COMMENT],
  ['A Group(Some', COMMENT],
  ['Mary Smith <@node', ROUTE],
  ['"  James Smythe"', SPACE],
  ['NO (posting', CHOICE],
  [' 4 8 15 16', JUNK],
  [' FWD: \n Saying', FOLD],
  [" let's = try", FOLD],
  ['[SUSPECTED SPAM]', GLUED],
  ['Some text =?utf-8?Q??=here', CHOICE],
  ['test/', JUNK],
  ['text/', JUNK],
  ['name=value', JUNK],
  ['á/é', JUNK],
  ['malicious/attempt', JUNK],
  ['application/pdf\n   filename*0*=', CHOICE],
  ['image/jpeg;\n   name="=?iso-8859-1?B?4Q', SPACE],
  ['inva/lid', SPACE],
];

/** Single header values and what they mean. */
export function headerRowScores(): readonly Score[] {
  const tally = new Tally(
    'mail-parser-rows',
    (_fact, where) => EXPLAINED.find(([begins]) => where.startsWith(begins))?.[1] ?? null,
  );
  for (const { header, expected } of rows<NonNullable<Value['Address']>>('address')) {
    const { addresses } = readReceivedAddresses(readAsField(header), null);
    tally.equal('address', header, addresses, mailboxes({ Address: expected }));
  }
  for (const { header, expected } of rows<NonNullable<Value['DateTime']> | null>('date')) {
    const wanted = expected === null ? null : dateOf({ DateTime: expected });
    tally.equal('date', header, readReceivedDate(readAsField(header)), wanted);
  }
  for (const { header, expected } of rows<string>('unstructured'))
    tally.equal('unstructured', header, decodeReceivedWords(readAsField(header), null), expected);
  for (const { header, expected } of rows<ContentType | null>('content_type')) {
    const field = readParameters(readAsField(header));
    const type =
      expected === null ? '' : [expected.c_type, expected.c_subtype ?? ''].join('/').replace(/\/$/, '');
    if (expected !== null) tally.equal('type', header, field.value, type);
    for (const [name, value] of expected?.attributes ?? []) {
      if (name.endsWith('-language')) continue; // nobody asks for it
      const read = name === 'name' || field.sections.get(name)?.some(({ isEncoded }) => isEncoded) === true;
      const actual = read ? textParameter(field, name, null) : plainParameter(field, name);
      tally.equal('parameter', header, actual, value);
    }
  }
  return tally.scores();
}

function rows<Expected>(name: string): readonly Row<Expected>[] {
  const file = corpusFile(`mail-parser/headers/${name}.json`);
  return file === null ? [] : (JSON.parse(file.toString()) as readonly Row<Expected>[]);
}

/** As it comes out of the header: folds and line ends undone by the reader that does so for every field. */
function readAsField(header: string): string {
  const block = Buffer.from(`X: ${header}`);
  return firstValue(readReceivedHeader(block, false).fields, 'x') ?? '';
}
