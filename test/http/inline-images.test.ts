import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { inlineImages, MAX_INLINE_BYTES } from '../../src/http/inline-images.ts';
import type { ReceivedAttachmentRecord } from '../../src/mailroom/received-records.ts';
import { sha256Hasher } from '../../src/platform/node/hasher.ts';
import { expectProportional } from '../support/growth.ts';
import { memoryObjects } from '../support/memory-objects.ts';

const objects = memoryObjects();
const damaged: string[] = [];

async function image(
  contentId: string | null,
  bytes: Uint8Array = Buffer.from('pixels'),
  contentType = 'image/png',
): Promise<ReceivedAttachmentRecord> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const key = `t/default/${sha256}`;
  await objects.put(key, bytes, { contentType });
  const file = { id: sha256.slice(0, 8), filename: null, contentType, contentId, disposition: 'inline' };
  return { ...file, size: bytes.length, sha256, key } as ReceivedAttachmentRecord;
}

const shown = (html: string, files: readonly ReceivedAttachmentRecord[]) =>
  inlineImages(html, files, {
    objects,
    hasher: () => sha256Hasher(),
    damaged: ({ id }) => damaged.push(id),
  });

const URI = `data:image/png;base64,${Buffer.from('pixels').toString('base64')}`;

test.each([
  ['<img src="cid:a@b">', `<img src="${URI}">`],
  ["<img src='CID:a@b' alt=x>", `<img src='${URI}' alt=x>`],
  ['<img src=cid:a@b>', `<img src=${URI}>`],
  ['<img src="cid:a%40b">', `<img src="${URI}">`],
  ['<td background="cid:a@b">', `<td background="${URI}">`],
  ['<p style="background:url(cid:a@b)">', `<p style="background:url(${URI})">`],
  ['<p style="background:url(&quot;cid:a@b&quot;)">', `<p style="background:url(&quot;${URI}&quot;)">`],
  ['<img src="cid:a@b"><img src="cid:a@b">', `<img src="${URI}"><img src="${URI}">`],
])('an image is shown in %s', async (html, expected) => {
  expect(await shown(html, [await image('a@b')])).toBe(expected);
});

test.each([
  '<p>Write cid:a@b for it.</p>',
  '<img src="xcid:a@b">',
  '<img src="cid:other">',
  '<img src="cid:A@B">',
  '<img src="cid:">',
  '<img src="cid:%E0%A4%A">',
  '',
])('%j stays as it is', async (html) => {
  expect(await shown(html, [await image('a@b')])).toBe(html);
});

test.each(['image/svg+xml', 'text/html', 'application/xhtml+xml', 'image/x', 'application/pdf', 'text/xml'])(
  'threats §11 r3: what could run something stays out: %s',
  async (type) => {
    const html = '<img src="cid:a"><iframe src="cid:a">';
    expect(await shown(html, [await image('a', Buffer.from('<svg onload=x>'), type)])).toBe(html);
  },
);

test('of two files with one id the first is shown, and one without an id is nobody', async () => {
  const other = await image('a', Buffer.from('other'));
  const html = await shown('<img src="cid:a">', [await image(null), await image('a'), other]);
  expect(html).toBe(`<img src="${URI}">`);
});

test('10 MiB are shown in all, each image counted as often as it stands there; the rest stays', async () => {
  const half = await image('half', new Uint8Array(MAX_INLINE_BYTES / 2));
  const small = await image('small');
  const html = '<img src="cid:half"><img src="cid:small"><img src="cid:half"><img src="cid:small">';
  const result = await shown(html, [half, small]);
  expect(result.match(/data:/g)).toHaveLength(3);
  expect(result).toContain('<img src="cid:half"><img src="data:');
  const over = await image('over', new Uint8Array(MAX_INLINE_BYTES + 1));
  expect(await shown('<img src="cid:over">', [over])).toBe('<img src="cid:over">');
  const whole = await image('whole', new Uint8Array(MAX_INLINE_BYTES));
  expect((await shown('<img src="cid:whole">', [whole])).length).toBeGreaterThan(MAX_INLINE_BYTES);
});

test('a large image comes out as its bytes', async () => {
  const bytes = Uint8Array.from({ length: 100_003 }, (_, index) => (index * 31) % 256);
  const html = await shown('<img src="cid:big">', [await image('big', bytes)]);
  const base64 = html.slice('<img src="data:image/png;base64,'.length, -'">'.length);
  expect(Buffer.from(base64, 'base64').equals(bytes)).toBe(true);
});

test('an image whose bytes are gone or changed stays out, and one that is changed is told', async () => {
  const gone = await image('gone', Buffer.from('gone'));
  await objects.delete(gone.key);
  const bad = await image('bad', Buffer.from('bad'));
  objects.flip(bad.key);
  damaged.length = 0;
  const html = '<img src="cid:gone"><img src="cid:bad"><img src="cid:bad">';
  expect(await shown(html, [gone, bad])).toBe(html);
  expect(damaged).toEqual([bad.id]);
});

test('threats §7 r17: a flood of references costs time in proportion to its length', async () => {
  const files = [await image('a')];
  for (const piece of ['"cid:', '"cid:b', '=cid:cid:', '(cid:a', ';cid:%', '"cid:a"x']) {
    await expectProportional(5_000_000 / piece.length, (count) => shown(piece.repeat(count), files));
  }
});
