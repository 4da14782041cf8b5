import { decodeCharset } from '../../src/mime/charsets.ts';
import type { ParsedMail } from '../../src/mime/parsed.ts';
import { corpusFile, corpusPaths } from '../../test/support/corpora.ts';
import { readMail } from './read-mail.ts';
import { type Score, Tally } from './score.ts';

const IMAGES = ['blueball.png', 'greenball.png', 'redball.png'];
/** `HasenundFrosche.txt` is ISO-8859-1, the others ASCII. */
const FABLES = ['HasenundFrosche.txt', 'farmerandstork.txt', 'hareandtortoise.txt', 'wolfandlamb.txt'];

const UTF_7 = 'UTF-7 is shown as it stands';
const IMAGES_ONLY = 'holds images only';
const PAGE = 'holds the fable as HTML only';

const EXPLAINED: Readonly<Record<string, string>> = {
  'm0006.txt': UTF_7,
  'm0012.txt': IMAGES_ONLY,
  'm1006.txt': PAGE,
  'm1013.txt': IMAGES_ONLY,
  'm2006.txt': PAGE,
  'm2009.txt': PAGE,
  'm3001.txt': IMAGES_ONLY,
};

/** 38 messages of four old mail programs: images byte for byte, fables as text. */
export async function zbatesonScores(): Promise<readonly Score[]> {
  const tally = new Tally('zbateson', (fact, where) =>
    fact === 'a whole fable' ? (EXPLAINED[where] ?? null) : null,
  );
  const fables = FABLES.map((name) => words(corpusFile(`zbateson/files/${name}`)?.toString('latin1') ?? ''));
  for (const path of corpusPaths('zbateson/emails')) {
    const bytes = corpusFile(path);
    if (bytes === null) continue;
    const mail = await readMail(bytes);
    const where = path.slice('zbateson/emails/'.length);
    const source = bytes.toString('latin1');
    for (const image of IMAGES.filter((name) => source.includes(name))) {
      const expected = corpusFile(`zbateson/files/${image}`);
      const isRight = mail.attachments.some(({ kept }) => expected?.equals(kept) === true);
      tally.add('images', where, isRight, image);
    }
    const texts = textsOf(mail).map(words);
    const hasFable = fables.some((fable) => texts.some((text) => text.includes(fable)));
    tally.add('a whole fable', where, hasFable, 'none');
  }
  return tally.scores();
}

function textsOf(mail: ParsedMail<Buffer>): readonly string[] {
  const files = mail.attachments
    .filter(({ contentType }) => /^text|octet|rfc822/.test(contentType))
    .map(({ kept }) => decodeCharset(kept, null, null));
  return [mail.text ?? '', mail.html ?? '', ...files];
}

/** Mail programs fill paragraphs anew. */
function words(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
