import { corpusFile, corpusPaths } from '../../test/support/corpora.ts';
import { decodedParts } from './read-mail.ts';
import { type Score, Tally } from './score.ts';

/** `malformedHeader` and `malformedHeaderStartsBody` are one message under two policies; ours is the first. */
const OTHER_POLICY = /StartsBody/;

const NO_PARTS = 'a multipart in which no part is found is shown as it stands';
const UUENCODED = 'uuencode in text is a file here';
const LINE_ENDS = 'line ends of quoted-printable stay as they came';
const SPACE = 'a boundary that ends with a space (RFC 2046 forbids it) is read without it';

/** Where we decided otherwise, by message. */
const EXPLAINED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  badbound: { 'number of parts': NO_PARTS },
  'missing-inner-boundary': { 'number of parts': NO_PARTS },
  multipartnopart: { 'number of parts': NO_PARTS },
  'empty-preamble': { 'bytes of parts': LINE_ENDS },
  'sig-uu': { 'number of parts': UUENCODED, 'bytes of parts': UUENCODED },
  'uu-junk': { 'number of parts': UUENCODED, 'bytes of parts': UUENCODED },
  'uu-zeegee': { 'number of parts': UUENCODED, 'bytes of parts': UUENCODED },
  'very-very-long-boundary': { 'number of parts': SPACE, 'bytes of parts': SPACE },
};

/** 40 messages, most of them malformed: the decoded bytes of each part. */
export async function mime4jScores(): Promise<readonly Score[]> {
  const tally = new Tally('mime4j', (fact, where) => EXPLAINED[where]?.[fact] ?? null);
  for (const path of corpusPaths('mime4j').filter(
    (name) => name.endsWith('.msg') && !OTHER_POLICY.test(name),
  )) {
    const stem = path.replace(/\.msg$/, '');
    const structure = corpusFile(`${stem}_decoded.xml`)?.toString('latin1');
    const bytes = corpusFile(path);
    if (structure === undefined || bytes === null) continue;
    const folder = stem.slice(0, stem.lastIndexOf('/') + 1);
    const names = [...structure.matchAll(/<(?:text|binary)-body name="([^"]+)"/g)].map(
      ([, name]) => name ?? '',
    );
    const parts = await decodedParts(bytes);
    const message = stem.slice(folder.length);
    tally.equal('number of parts', message, parts.length, names.length);
    for (const [i, name] of names.entries()) {
      const expected = corpusFile(folder + name);
      const actual = parts[i];
      if (expected === null) continue;
      const isRight = actual?.equals(expected) === true;
      const difference = `${name}: ${actual?.length} bytes instead of ${expected.length}`;
      tally.add('bytes of parts', message, isRight, difference);
    }
  }
  return tally.scores();
}
