import { exports } from 'cloudflare:workers';
import PostalMime from 'postal-mime';
import { expect, test } from 'vitest';
import { call, send } from './inside/api.ts';
import { seenBy } from './inside/servers.ts';
import { untilState } from './inside/wait.ts';

const ACCOUNT = 'default';
const MIB = 1024 * 1024;

/** At most 65,536 random bytes may be asked for at a time. */
function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 30_000)
    text += btoa(String.fromCharCode(...bytes.subarray(at, at + 30_000)));
  return text;
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The files of the message that this recipient got over SMTP, as a parser that is not ours finds them: name and digest. */
async function filesFor(recipient: string): Promise<readonly (readonly [string | null, string])[]> {
  const { messages } = await seenBy('starttls');
  const message = messages.find(({ recipients }) => recipients.includes(recipient));
  const parsed = await PostalMime.parse(message?.text ?? '', { attachmentEncoding: 'arraybuffer' });
  return Promise.all(
    parsed.attachments.map(async ({ filename, content }) => {
      const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
      return [filename, await sha256(new Uint8Array(bytes))] as const;
    }),
  );
}

test('files in a request arrive over SMTP, whatever they were written as', async () => {
  const [large, small] = [randomBytes(2 * MIB), randomBytes(500)];
  const id = await send('files@there.example', {
    attachments: [
      { filename: '보고서.pdf', content: base64(large) },
      { filename: 'list.bin', content: [...small] },
    ],
  });
  await untilState(ACCOUNT, id, 'sent');
  expect(await filesFor('files@there.example')).toEqual([
    ['보고서.pdf', await sha256(large)],
    ['list.bin', await sha256(small)],
  ]);
});

test('a file is uploaded to a signed link, sent, and read back by another one', async () => {
  const bytes = randomBytes(9 * MIB);
  const asked = { filename: 'large.bin', size: bytes.length, sha256: await sha256(bytes) };
  const { body: upload } = await call('POST', '/uploads', asked);
  const { upload_url, headers } = upload as { readonly upload_url: string; readonly headers: HeadersInit };
  const put = await exports.default.fetch(upload_url, { method: 'PUT', headers, body: bytes });
  expect(put.status).toBe(200);

  const id = await send('upload@there.example', { attachments: [{ upload_id: upload['id'] }] });
  await untilState(ACCOUNT, id, 'sent');
  expect(await filesFor('upload@there.example')).toEqual([['large.bin', asked.sha256]]);

  const { body: listed } = await call('GET', `/emails/${id}/attachments`);
  const [file] = listed['data'] as { readonly download_url: string }[];
  const link = file?.download_url ?? '';
  const download = await exports.default.fetch(link);
  expect(download.headers.get('content-disposition')).toMatch(/^attachment; filename="large\.bin"/);
  expect(await sha256(new Uint8Array(await download.arrayBuffer()))).toBe(asked.sha256);
  expect((await exports.default.fetch(`${link}x`)).status).toBe(403);
});

test('threats §12 r4: a link for an upload takes no other length and no other bytes', async () => {
  const bytes = randomBytes(1000);
  const { body: upload } = await call('POST', '/uploads', { filename: 'a.bin', size: 999 });
  const { upload_url, headers } = upload as { readonly upload_url: string; readonly headers: HeadersInit };
  const put = await exports.default.fetch(upload_url, { method: 'PUT', headers, body: bytes });
  expect(put.status).toBe(422);
});

test('threats §4 r6: a URL that leads inside is refused', async () => {
  for (const path of ['https://127.0.0.1/x', 'https://localhost/x', 'http://there.example/x']) {
    const mail = {
      from: 'me@mine.example',
      to: 'x@there.example',
      subject: 'x',
      text: 'x',
      attachments: [{ path }],
    };
    const { status, body } = await call('POST', '/emails', mail);
    expect([status, body['name'], body['field']]).toEqual([422, 'invalid_attachment', 'attachments[0].path']);
  }
});
