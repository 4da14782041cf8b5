import { describe, expect, it } from 'vitest';
import { attachmentEntity } from '../../src/mime/attachment-entity.ts';
import {
  contentIdProblem,
  fallbackFilename,
  filenameProblem,
  readContentType,
} from '../../src/mime/attachment-fields.ts';
import { compose } from '../../src/mime/compose.ts';
import { typeOfBytes, typeOfName } from '../../src/mime/media-types.ts';
import { file, withFiles } from './files-under-test.ts';

const INJECTIONS = ['x\r\nX-Injected: 1\r\n\r\nBODY', 'x\nX-Injected: 1', 'x\rX-Injected: 1', 'x\0\r\nX: 1'];
const CONTROLS = ['a\u000bb', 'a\u000cb', 'a\u001bb', 'a\u007fb', 'a\ud800b'];

describe('a file name', () => {
  it.each([
    ...INJECTIONS,
    ...CONTROLS,
    'a";\r\nX: 1',
    'a\0.exe',
    'invoice\u202efdp.exe',
    'a\u2066b.txt',
    'a\u200fb.txt',
    '../../etc/passwd',
    'C:\\x\\y.txt',
    '/etc/passwd',
    'x'.repeat(999),
  ])('threats §1 r11: %j is refused', (name) => {
    expect(filenameProblem(name)).toMatch(/^It must not .*\.$/);
  });

  it.each([
    'a"b',
    '.htaccess',
    'CON',
    '=?utf-8?Q?x=0D=0AX-Injected:_1?=',
    '가'.repeat(300),
    'x%0d%0aX-Injected: 1',
    'a\u0085b',
    'a\u2028b\u2029c',
    'tab\there.txt',
    "it's; a=name*.txt",
    ' spaces ',
    '..',
    'x'.repeat(998),
    '😀'.repeat(998),
  ])('threats §1 r12: %j is data', (name) => {
    expect(filenameProblem(name)).toBeNull();
  });

  it.each([
    [1, 'application/pdf', 'attachment-1.pdf'],
    [12, 'image/jpeg', 'attachment-12.jpg'],
    [2, 'text/calendar; method=REQUEST', 'attachment-2.ics'],
    [3, 'application/octet-stream', 'attachment-3.bin'],
    [4, 'x/unheard-of', 'attachment-4.bin'],
  ])('threats §1 r12: the nameless file at place %i of type %s is called %s', (place, contentType, name) => {
    expect(fallbackFilename({ place, contentType })).toBe(name);
  });
});

describe('a content type', () => {
  it.each([
    ['application/pdf', 'application/pdf'],
    [' Image/PNG ', 'image/png'],
    ['text/plain; charset=UTF-8', 'text/plain; charset=UTF-8'],
    ['text/plain;charset="utf-8"', 'text/plain; charset=utf-8'],
    ['text/plain;', 'text/plain'],
    [
      'text/calendar; method=REQUEST; charset=utf-8; name="invite.ics"',
      'text/calendar; method=REQUEST; charset=utf-8',
    ],
    ['application/pdf; name="a;b.pdf"', 'application/pdf'],
    ['message/rfc822', 'message/rfc822'],
    ['application/vnd.ms-excel.sheet.macroEnabled.12', 'application/vnd.ms-excel.sheet.macroenabled.12'],
  ])('%j is %j', (given, type) => {
    expect(readContentType(given)).toEqual({ ok: true, type });
  });

  it.each([
    ...INJECTIONS,
    'text/html; x="\r\nX: 1"',
    'text/html; charset="\r\nX: 1"',
    'text/html; charset=utf-8\r\nX: 1',
    'multipart/mixed; boundary=x',
    'Multipart/Mixed',
    'message/partial; id=1; number=1; total=2',
    'message/external-body',
    'a',
    'a/b/c',
    '',
    '/',
    'text/',
    'text/html text/plain',
    'text/html; boundary=x',
    'text/plain; charset=a; charset=b',
    'text/plain; charset=',
    'text/plain; charset="a',
    'text/plain; charset="=?utf-8?Q?x?="',
    'text/plain; method=é',
    'téxt/plain',
    `text/${'x'.repeat(128)}`,
    `text/plain; name="${'x'.repeat(2_000)}"`,
  ])('threats §1 r13: %j is refused', (given) => {
    expect(readContentType(given)).toMatchObject({ ok: false });
  });

  it('threats §1 r13: 100 KB of quotes and semicolons are refused at once', () => {
    expect(readContentType(`text/plain${';"'.repeat(50_000)}`)).toMatchObject({ ok: false });
  });

  it.each([
    ['report.PDF', 'application/pdf'],
    ['a.tar.gz', 'application/gzip'],
    ['견적서.hwp', 'application/vnd.hancom.hwp'],
    ['mail.eml', 'message/rfc822'],
    ['pdf', 'application/octet-stream'],
    ['a.constructor', 'application/octet-stream'],
    ['a.', 'application/octet-stream'],
  ])('of the name %s is %s', (name, type) => {
    expect(typeOfName(name)).toBe(type);
  });

  it.each([
    ['%PDF-1.7\n', 'application/pdf'],
    ['\x89PNG\r\n\x1a\n', 'image/png'],
    ['\xff\xd8\xff\xe0', 'image/jpeg'],
    ['PK\x03\x04', 'application/zip'],
    ['PK', 'application/octet-stream'],
    ['', 'application/octet-stream'],
  ])('of bytes that begin with %j is %s', (head, type) => {
    expect(typeOfBytes(Buffer.from(head, 'latin1'))).toBe(type);
  });
});

describe('a content id', () => {
  it.each([
    ...INJECTIONS,
    ...CONTROLS,
    'x>\r\nY: 1',
    'a b',
    'a\tb',
    '<a',
    'a>',
    'a"b',
    'a\\b',
    'a(b)',
    'é',
    '',
    '=?utf-8?Q?x?=',
    'x'.repeat(128),
  ])('threats §1 r14: %j is refused', (contentId) => {
    expect(contentIdProblem(contentId)).toMatch(/^It must /);
  });

  it.each([
    'logo',
    'logo.png',
    'ii_18a3@mail.example',
    'a%20b',
    'part-1.2_3',
    "it's",
    '[x]',
    'x'.repeat(127),
  ])('%j is one', (contentId) => {
    expect(contentIdProblem(contentId)).toBeNull();
  });
});

describe('should one of them reach the composer all the same', () => {
  it.each([
    ['threats §1 r11: a file name', { filename: 'a";\r\nX-Injected: 1' }],
    ['threats §1 r11: an empty file name', { filename: '' }],
    ['threats §1 r13: a content type', { contentType: 'text/plain\r\nX-Injected: 1' }],
    ['threats §1 r13: a multipart type', { contentType: 'multipart/mixed; boundary=x' }],
    ['threats §1 r14: a content id', { contentId: 'x>\r\nX-Injected: 1' }],
    ['threats §1 r1: a disposition', { disposition: 'inline\r\nX-Injected: 1' as 'inline' }],
  ])('%s is a defect, and throws', async (_what, change) => {
    await expect(attachmentEntity(file({ content: 'x', ...change }))).rejects.toThrow('attachment');
    await expect(compose(withFiles([{ content: 'x', ...change }], { html: '<p>x</p>' }))).rejects.toThrow();
  });
});
