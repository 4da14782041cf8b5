import MailComposer from 'nodemailer/lib/mail-composer';
import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { compose } from '../../src/mime/compose.ts';
import { byteFaults, isSevenBit } from '../support/header-reader.ts';
import { bytesOfContent, type GivenFile, withFiles } from './files-under-test.ts';
import { bytesOf, latin1, plainMessage } from './message-under-test.ts';
import { readParts } from './part-reader.ts';
import { hasPython } from './python-email.ts';
import { partsByPython } from './python-parts.ts';

const PDF = `%PDF-1.7\n%\u00e2\u00e3\n${'stream of things '.repeat(40)}\n%%EOF`;
const PNG = Uint8Array.from({ length: 300 }, (_, i) => (i * 37) % 256);
const HTML = '<img src="cid:logo"> and again <img src="cid:logo">';
const INNER = 'From: a@b.example\r\nSubject: inner\r\n\r\nHello\r\n.\r\nbye';

async function composed(
  files: readonly GivenFile[],
  change: Parameters<typeof withFiles>[1] = {},
): Promise<Uint8Array> {
  const bytes = await bytesOf(await compose(withFiles(files, change)));
  expect({ faults: byteFaults(bytes), isSevenBit: isSevenBit(bytes) }).toEqual({
    faults: [],
    isSevenBit: true,
  });
  return bytes;
}

/** What each reader makes of the files of a message: name, type, bytes. */
async function opinions(
  bytes: Uint8Array,
): Promise<readonly (readonly (readonly [string | null, string, string])[])[]> {
  const hex = (content: Uint8Array): string => Buffer.from(content).toString('hex');
  const { attachments } = await PostalMime.parse(bytes, { rfc822Attachments: true });
  const ours = readParts(bytes).filter(({ disposition }) => disposition !== null);
  const python = hasPython
    ? (partsByPython([bytes])[0] ?? []).filter(({ disposition }) => disposition !== null)
    : [];
  expect(python.flatMap(({ defects }) => defects)).toEqual([]);
  for (const { filenames } of python) expect(filenames[0]).toBe(filenames[1]);
  return [
    attachments.map(
      (one) => [one.filename, one.mimeType, hex(new Uint8Array(one.content as ArrayBuffer))] as const,
    ),
    ours.map((one) => [one.filename, one.type, hex(one.content)] as const),
    ...(hasPython
      ? [python.map((one) => [one.filenames[0], one.path.at(-1) ?? '', hex(one.content)] as const)]
      : []),
  ];
}

describe('the tree of a message', () => {
  const paths = async (files: readonly GivenFile[], change: Parameters<typeof withFiles>[1]) =>
    readParts(await composed(files, change)).map(({ path }) => path.join(' > '));
  const plain: GivenFile = { content: 'x', filename: 'a.txt', contentType: 'text/plain' };
  const image: GivenFile = {
    content: PNG,
    filename: 'logo.png',
    contentType: 'image/png',
    contentId: 'logo',
  };

  it('text, html, an image that html refers to, and a file', async () => {
    expect(await paths([plain, image], { html: HTML })).toEqual([
      'multipart/mixed > multipart/alternative > text/plain',
      'multipart/mixed > multipart/alternative > multipart/related > text/html',
      'multipart/mixed > multipart/alternative > multipart/related > image/png',
      'multipart/mixed > text/plain',
    ]);
  });

  it('no level holds one part only', async () => {
    expect(await paths([image], { html: HTML, text: null })).toEqual([
      'multipart/related > text/html',
      'multipart/related > image/png',
    ]);
    expect(await paths([image], { html: HTML })).toEqual([
      'multipart/alternative > text/plain',
      'multipart/alternative > multipart/related > text/html',
      'multipart/alternative > multipart/related > image/png',
    ]);
    expect(await paths([plain], {})).toEqual([
      'multipart/mixed > text/plain',
      'multipart/mixed > text/plain',
    ]);
  });

  it('without html nothing refers to a file, and one with a content id stands among the others', async () => {
    expect(await paths([image], {})).toEqual(['multipart/mixed > text/plain', 'multipart/mixed > image/png']);
  });

  it('a message of nothing but a file is a mixed one all the same', async () => {
    expect(await paths([plain], { text: null })).toEqual(['multipart/mixed > text/plain']);
  });

  it('related names the type of its root (RFC 2387 section 3.1)', async () => {
    expect(latin1(await composed([image], { html: HTML }))).toContain(
      'multipart/related; type="text/html";\r\n boundary=',
    );
  });

  it('texts are encoded as in a message without files', async () => {
    const texts = { text: '그 전에 한 말', html: '<p>Grüße, und noch mehr Text für die Länge</p>' };
    const bytes = await composed([plain], texts);
    const without = await bytesOf(await compose({ ...plainMessage, ...texts }));
    const bodies = (message: Uint8Array) =>
      readParts(message)
        .slice(0, 2)
        .map(({ encoding, content }) => [encoding, content.toString()]);
    expect(bodies(bytes)).toEqual(bodies(without));
  });
});

describe('what was attached is what is read, by postal-mime, by Python and by the letter', () => {
  const FILES: readonly (readonly [what: string, given: GivenFile, type?: string])[] = [
    ['a PDF', { content: PDF, filename: 'invoice.pdf', contentType: 'application/pdf' }],
    [
      'no type that anybody knows',
      { content: PNG, filename: 'data', contentType: 'application/octet-stream' },
    ],
    [
      'a type that does not fit the name',
      { content: PDF, filename: 'invoice.txt', contentType: 'image/jpeg' },
    ],
    [
      'a text with the ends of lines of Unix',
      { content: 'a\nb\r\nc\rd\n', filename: 'a.txt', contentType: 'text/plain; charset=utf-8' },
    ],
    ['a page', { content: '<p>not the message', filename: 'page.html', contentType: 'text/html' }],
    [
      'an invitation',
      {
        content: 'BEGIN:VCALENDAR\nMETHOD:REQUEST\nEND:VCALENDAR\n',
        filename: 'invite.ics',
        contentType: 'text/calendar; charset=utf-8; method=REQUEST',
      },
    ],
    ['one byte', { content: 'x' }],
    ['57 bytes, one line', { content: 'x'.repeat(57) }],
    ['58 bytes', { content: 'x'.repeat(58) }],
    ['dots and ends of data', { content: '.\r\n..\r\n\r\n.\r\nMAIL FROM:<x@y.example>\r\n' }],
    [
      'a message in 8 bits',
      { content: `${INNER}\r\nGrüße`, filename: 'mail.eml', contentType: 'message/rfc822' },
      'application/octet-stream',
    ],
    [
      'a message with a long line',
      { content: `${INNER}\r\n${'x'.repeat(999)}`, filename: 'mail.eml', contentType: 'message/rfc822' },
      'application/octet-stream',
    ],
    [
      'a message with a CR alone',
      { content: `${INNER}\rx`, filename: 'mail.eml', contentType: 'message/rfc822' },
      'application/octet-stream',
    ],
  ];

  it.each(FILES.map(([what, given, type]) => ({ what, given, type })))('$what', async ({ given, type }) => {
    const expected = [
      given.filename ?? 'file.bin',
      (type ?? given.contentType ?? 'application/octet-stream').split(';')[0],
      Buffer.from(bytesOfContent(given.content)).toString('hex'),
    ];
    for (const opinion of await opinions(await composed([given]))) expect(opinion).toEqual([expected]);
  });

  it('a message as a file is not encoded, and is read as the message it is', async () => {
    for (const content of [INNER, INNER.replaceAll('\r\n', '\n'), `${INNER}\r\n`]) {
      const bytes = await composed([{ content, filename: 'mail.eml', contentType: 'message/rfc822' }]);
      const [, part] = readParts(bytes);
      expect([part?.type, part?.encoding]).toEqual(['message/rfc822', '7bit']);
      expect(part?.content.toString()).toBe(content.replace(/\r?\n/g, '\r\n'));
      const { attachments } = await PostalMime.parse(bytes, { rfc822Attachments: true });
      const seen = Buffer.from(attachments[0]?.content as ArrayBuffer).toString();
      expect(seen.trimEnd()).toBe(content.replace(/\r\n/g, '\n').trimEnd());
      if (hasPython) {
        const [, python] = partsByPython([bytes])[0] ?? [];
        expect([python?.path.at(-1), python?.filenames, python?.defects]).toEqual([
          'message/rfc822',
          ['mail.eml', 'mail.eml'],
          [],
        ]);
        expect(python?.content.toString().trimEnd()).toBe(content.replace(/\r?\n/g, '\r\n').trimEnd());
      }
    }
  });

  it('the method and the charset of an invitation are there', async () => {
    const type = 'text/calendar; charset=utf-8; method=REQUEST';
    const content = 'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n';
    const bytes = await composed([{ content, filename: 'i.ics', contentType: type }]);
    const [, part] = readParts(bytes);
    expect(part?.content.toString()).toBe(content);
    expect(Object.fromEntries(part?.parameters ?? [])).toEqual({
      charset: 'utf-8',
      method: 'REQUEST',
      name: 'i.ics',
    });
    const [calendar] = (await PostalMime.parse(bytes)).attachments;
    // It gives calendars as text, with the ends of lines of its own.
    expect([calendar?.method, Buffer.from(calendar?.content as ArrayBuffer).toString()]).toEqual([
      'REQUEST',
      content.replaceAll('\r\n', '\n'),
    ]);
    if (hasPython)
      expect(partsByPython([bytes])[0]?.[1]).toMatchObject({ charset: 'utf-8', method: 'REQUEST' });
  });

  it('an image used twice is one part, and found by its content id', async () => {
    const image: GivenFile = {
      content: PNG,
      filename: 'logo.png',
      contentType: 'image/png',
      contentId: 'logo',
    };
    const bytes = await composed([image, { content: 'x', filename: 'a.txt' }], { html: HTML });
    const email = await PostalMime.parse(bytes);
    expect(email.html?.match(/cid:logo/g)).toHaveLength(2);
    expect(
      email.attachments.map(({ contentId, related, disposition }) => ({ contentId, related, disposition })),
    ).toEqual([
      { contentId: '<logo>', related: true, disposition: 'inline' },
      { contentId: undefined, related: undefined, disposition: 'attachment' },
    ]);
    const [, , related] = readParts(bytes);
    expect([related?.contentId, related?.content]).toEqual(['logo', Buffer.from(PNG)]);
    if (hasPython)
      expect(partsByPython([bytes])[0]?.[2]).toMatchObject({ contentId: '<logo>', disposition: 'inline' });
  });

  it('a hundred small files, in their order', async () => {
    const files = Array.from({ length: 100 }, (_, i) => ({
      content: `number ${i}`,
      filename: `${i}.txt`,
      contentType: 'text/plain',
    }));
    for (const opinion of await opinions(await composed(files)))
      expect(opinion).toEqual(
        files.map(({ content, filename }) => [filename, 'text/plain', Buffer.from(content).toString('hex')]),
      );
  });
});

describe('beside nodemailer', () => {
  it('the tree, types, names and bytes are the same that its composer makes', async () => {
    const files: readonly GivenFile[] = [
      { content: PDF, filename: '견적서.pdf', contentType: 'application/pdf' },
      { content: PNG, filename: 'logo.png', contentType: 'image/png', contentId: 'logo' },
      { content: INNER, filename: 'mail.eml', contentType: 'message/rfc822' },
      { content: 'BEGIN:VCALENDAR', filename: 'i.ics', contentType: 'text/calendar; method=REQUEST' },
      { content: 'a,b', filename: 'quo"te.csv', contentType: 'text/csv' },
    ];
    const theirs = await new MailComposer({
      text: 'Thank you.\r\n',
      html: HTML,
      attachments: files.map(({ content, filename, contentType, contentId }) => ({
        content: Buffer.from(bytesOfContent(content)),
        ...(filename === undefined ? {} : { filename }),
        ...(contentType === undefined ? {} : { contentType }),
        ...(contentId == null ? {} : { cid: contentId }),
        contentDisposition: contentId == null ? 'attachment' : 'inline',
      })),
    })
      .compile()
      .build();
    const seen = (bytes: Uint8Array) =>
      readParts(bytes).map(({ path, filename, disposition, contentId, content }) => ({
        path,
        filename,
        disposition,
        contentId,
        content: content.toString('hex'),
      }));
    expect(seen(await composed(files, { html: HTML }))).toEqual(seen(theirs));
  });
});
