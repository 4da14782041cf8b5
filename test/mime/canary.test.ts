import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compose } from '../../src/mime/compose.ts';
import type { Message } from '../../src/mime/message.ts';
import { expectProportional } from '../support/growth.ts';
import { bytesOf, latin1, plainMessage } from './message-under-test.ts';

/** Stands in the file and in every answer of the server: it must never stand in a message. */
const MARK = `canary-${randomUUID()}`;

let folder: string;
let file: string;
let server: Server;
let url: string;
let requests = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'canary-'));
  file = join(folder, 'canary.txt');
  writeFileSync(file, MARK);
  server = createServer((_request, response) => {
    requests += 1;
    response.end(MARK);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/canary`;
});

afterAll(() => {
  rmSync(folder, { recursive: true });
  server.close();
});

/**
 * Every way in which the composing library would load something, laid over a message behind the types: what a defect in
 * the schema would let through.
 */
const VECTORS: readonly (readonly [vector: string, change: () => object])[] = [
  ['text as a path object', () => ({ text: { path: file } })],
  ['text as an href object', () => ({ text: { href: url } })],
  ['text as raw', () => ({ text: { raw: { path: file } } })],
  ['html as a path object', () => ({ html: { path: file } })],
  ['html as an href object', () => ({ html: { href: url } })],
  ['html as content of a path', () => ({ html: { content: { path: file } } })],
  ['html as raw', () => ({ html: { raw: { href: url } } })],
  ['attachment path', () => ({ attachments: [{ path: file }] })],
  ['attachment file URL', () => ({ attachments: [{ path: pathToFileURL(file).href }] })],
  ['attachment href', () => ({ attachments: [{ href: url }] })],
  ['attachment content path', () => ({ attachments: [{ content: { path: file } }] })],
  ['attachment content href', () => ({ attachments: [{ content: { href: url } }] })],
  ['attachment raw', () => ({ attachments: [{ raw: { path: file } }] })],
  ['alternatives', () => ({ alternatives: [{ path: file }, { href: url }] })],
  ['amp', () => ({ amp: { path: file } })],
  ['watchHtml', () => ({ watchHtml: { href: url } })],
  ['icalEvent', () => ({ icalEvent: { path: file } })],
  ['raw path', () => ({ raw: { path: file } })],
  ['raw href', () => ({ raw: { href: url }, disableUrlAccess: false, disableFileAccess: false })],
  [
    'attachDataUrls',
    () => ({ attachDataUrls: true, html: `<img src="${url}"><img src="data:${';'.repeat(100_000)}">` }),
  ],
  ['prepared header', () => ({ headers: [['X-A', { prepared: true, value: `x\r\nX-Injected: ${MARK}` }]] })],
];

describe('threats §4 r7: the composer itself, given what no schema lets through', () => {
  it.each(VECTORS)('threats §4 r7: %s reads nothing and asks for nothing', async (_vector, change) => {
    const message: Message = { ...plainMessage, ...change() };
    const made = await compose(message).then(bytesOf, () => new Uint8Array());
    expect([latin1(made).includes(MARK), requests]).toEqual([false, 0]);
  });

  it('threats §4 r3: keys that name a file, a URL or an option change no byte of the message', async () => {
    const plain = latin1(await bytesOf(await compose(plainMessage)));
    const keys = VECTORS.filter(([vector]) => !/^(text|html|attach|prepared)/.test(vector));
    for (const [, change] of keys)
      expect(latin1(await bytesOf(await compose({ ...plainMessage, ...change() })))).toBe(plain);
  });

  it.each(VECTORS.filter(([vector]) => vector.startsWith('attachment ')))(
    'threats §4 r1: %s is none of our files, and no message comes of it',
    async (_vector, change) => {
      await expect(compose({ ...plainMessage, ...change() })).rejects.toThrow();
      expect(requests).toBe(0);
    },
  );

  it.each([
    ['text', () => ({ text: file })],
    ['html', () => ({ html: url })],
    ['an image', () => ({ html: `<img src="${url}"><img src="${pathToFileURL(file).href}">` })],
    ['subject', () => ({ subject: url })],
    ['a header', () => ({ headers: [['X-Path', file]] as const })],
    ['a name', () => ({ from: { name: file, address: 'a@b.example' } })],
  ])('threats §4 r7: a path or URL as the text of %s is only text', async (_place, change) => {
    const made = latin1(await bytesOf(await compose({ ...plainMessage, ...change() })));
    expect([made.includes(MARK), requests]).toEqual([false, 0]);
  });

  it('threats §4 r7: nothing that composes can open a file or a URL: it imports no package, and Node nowhere', () => {
    const folder = join(import.meta.dirname, '../../src/mime');
    const seen = new Set<string>();
    const follow = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      const source = readFileSync(join(folder, file), 'utf8');
      expect(source).not.toMatch(/\bfetch\(|\bimport\(|\brequire\(/);
      for (const [, from = ''] of source.matchAll(/\bfrom '([^']+)'/g)) {
        // Domain names are spelled by `punycode`, which knows no input but a string.
        if (from === 'punycode/punycode.js') continue;
        expect([file, from]).toEqual([file, expect.stringMatching(/^\.\/|^\.\.\/\.\.\/schemas\//)]);
        if (from.startsWith('./')) follow(from.slice(2));
      }
    };
    follow('compose.ts');
    expect(seen.size).toBeGreaterThan(10);
  });

  it('threats §4 r4: html with data: images is composed in a moment', async () => {
    const html = (count: number) =>
      `<img src="data:image/png;base64,iVBORw0KGgo="><img src="data:${';'.repeat(count)}">`;
    await expectProportional(100_000, (count) => compose({ ...plainMessage, html: html(count) }));
  });
});
