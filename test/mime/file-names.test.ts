import fc from 'fast-check';
import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { filenameProblem } from '../../src/mime/attachment-fields.ts';
import { compose } from '../../src/mime/compose.ts';
import { filenameParameters, withParameters } from '../../src/mime/parameters.ts';
import { byteFaults, isSevenBit } from '../support/header-reader.ts';
import { withFiles } from './files-under-test.ts';
import { bytesOf, latin1 } from './message-under-test.ts';
import { readParts } from './part-reader.ts';
import { hasPython } from './python-email.ts';
import { partsByPython } from './python-parts.ts';

const NAMES: readonly string[] = [
  'report.pdf',
  'with space.pdf',
  'two  spaces.pdf',
  ' leading and trailing ',
  '견적서 2026.pdf',
  'Grüße an Zoë.txt',
  'مرحبا.pdf',
  '😀🎉.png',
  '가'.repeat(300),
  `${'x'.repeat(300)}.pdf`,
  `${'long name '.repeat(30)}.pdf`,
  'a"b.txt',
  "it's; filename=other.exe",
  '%41%42.txt',
  "utf-8''%41.txt",
  '=?utf-8?Q?x=0D=0AX-Injected:_1?=',
  '=?utf-8?B?eA==?=.pdf',
  '.htaccess',
  'CON',
  '..',
  'a,b;c=d.txt',
  '*star*0*.txt',
  'tab\there.txt',
  'a\u0085b\u2028c\u2029d',
  '{"json":true}',
];

const everyName = fc
  .array(
    fc.oneof(
      fc.string({ maxLength: 8 }),
      fc.string({ unit: 'grapheme', maxLength: 8 }),
      fc.constantFrom(...NAMES),
    ),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  .map((pieces) => pieces.join(''))
  .filter((name) => name.trim() !== '' && filenameProblem(name) === null);

const messageOf = async (filename: string) => bytesOf(await compose(withFiles([{ content: 'x', filename }])));

/** It takes encoded words out of what RFC 2231 has encoded already; of such names it has no opinion. */
async function byPostalMime(bytes: Uint8Array, name: string): Promise<string | null | undefined> {
  return name.includes('=?') ? name : (await PostalMime.parse(bytes)).attachments[0]?.filename;
}

describe('threats §1 r12: a file name is read as it was given', () => {
  it.each(NAMES)('%j', async (name) => {
    const bytes = await messageOf(name);
    expect({ faults: byteFaults(bytes), isSevenBit: isSevenBit(bytes) }).toEqual({
      faults: [],
      isSevenBit: true,
    });
    expect(await byPostalMime(bytes, name)).toBe(name);
    expect(readParts(bytes)[1]?.filename).toBe(name);
    const [, python] = (hasPython ? partsByPython([bytes]) : [])[0] ?? [];
    if (python !== undefined) {
      // Its own function drops white space at both ends.
      expect(python.filenames).toEqual([name.trim(), name.trim()]);
      expect(python.defects).toEqual([]);
    }
  });

  it('whatever it is, by postal-mime and by the letter', async () => {
    await fc.assert(
      fc.asyncProperty(everyName, async (name) => {
        const bytes = await messageOf(name);
        expect(byteFaults(bytes)).toEqual([]);
        expect(await byPostalMime(bytes, name)).toBe(name);
        expect(readParts(bytes)[1]?.filename).toBe(name);
      }),
      { numRuns: 200 },
    );
  });

  it.skipIf(!hasPython)('whatever it is, by Python', async () => {
    const names = fc.sample(everyName, 200).map((name) => name.trim());
    const read = partsByPython(await Promise.all(names.map(messageOf)));
    expect(read.map((parts) => parts[1]?.filenames)).toEqual(names.map((name) => [name, name]));
    expect(read.flatMap((parts) => parts.flatMap(({ defects }) => defects))).toEqual([]);
  });
});

describe('the fallback for readers that know nothing but ASCII', () => {
  it.each([
    ['report.pdf', 'report.pdf'],
    ['견적서 2026.pdf', '_2026.pdf'],
    ['Grüße.txt', 'Gr_e.txt'],
    ['a"b.txt', 'a_b.txt'],
    ['=?utf-8?Q?x?=', '_utf-8?Q?x?='],
    [`${'x'.repeat(300)}.pdf`, `${'x'.repeat(56)}.pdf`],
  ])('%j is %j', async (name, fallback) => {
    expect(readParts(await messageOf(name))[1]?.parameters.get('name')).toBe(fallback);
  });

  it('no name puts an encoded word anywhere, which RFC 2047 section 5 forbids in a quoted string', async () => {
    for (const name of NAMES)
      expect(latin1(await messageOf(name)).replaceAll(/^Subject.*$/gm, '')).not.toContain('=?');
  });
});

it('no line of a long name is longer than RFC 5322 asks for, and no section cuts a character', () => {
  for (const name of NAMES) {
    const { disposition, name: fallback } = filenameParameters(name);
    const lines = [
      ...withParameters('Content-Disposition: attachment', disposition).split('\r\n'),
      ...withParameters('Content-Type: application/octet-stream', [fallback]).split('\r\n'),
    ];
    expect(lines.filter((line) => line.length > 78)).toEqual([]);
    for (const section of disposition) expect(() => decodeURIComponent(section)).not.toThrow();
  }
});
