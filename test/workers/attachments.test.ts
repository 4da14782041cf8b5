import { createHash, randomBytes } from 'node:crypto';
import PostalMime from 'postal-mime';
import { afterEach, expect, test } from 'vitest';
import { type S3Server, startS3Server } from '../support/s3-server.ts';
import { made, read, send, Workshop } from './support/workshop.ts';

const FILE = randomBytes(1_000_000);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const workshop = new Workshop();
afterEach(() => workshop.close());

async function bucket(): Promise<S3Server> {
  const server = await startS3Server();
  workshop.onClose(() => server.close());
  return server;
}

function settingsOf({ settings }: S3Server): Readonly<Record<string, string>> {
  return {
    S3_BUCKET: settings.bucket,
    S3_ENDPOINT: settings.endpoint ?? '',
    S3_ACCESS_KEY_ID: settings.accessKeyId,
    S3_SECRET_ACCESS_KEY: settings.secretAccessKey,
  };
}

test.each(['R2', 'S3'] as const)(
  'a file in %s goes up, arrives with the mail, is handed out, and goes away',
  {
    timeout: 120_000,
  },
  async (kind) => {
    const relay = await workshop.relay();
    const usual = await workshop.settings(`smtp://localhost:${relay.port}?tls=none`);
    const s3 = kind === 'S3' ? await bucket() : null;
    const worker = await workshop.worker({ ...usual, ...(s3 === null ? {} : settingsOf(s3)) });

    const {
      id: upload_id,
      upload_url,
      headers,
    } = await made(worker, '/uploads', {
      filename: '보고서.pdf',
      size: FILE.length,
      sha256: sha256(FILE),
    });
    expect(String(upload_url).startsWith(worker.url)).toBe(kind === 'R2');
    const put = await fetch(String(upload_url), {
      method: 'PUT',
      headers: headers as Record<string, string>,
      body: FILE,
    });
    expect(put.status, await put.text()).toBe(200);

    const id = await send(worker, 'ann@there.example', {
      attachments: [{ upload_id }, { filename: 'note.txt', content: 'aGk=' }],
    });
    await relay.seen('message', 1);
    const [file] = (await PostalMime.parse(relay.messages[0]?.text ?? '')).attachments;
    expect(file?.filename).toBe('보고서.pdf');
    expect(sha256(new Uint8Array(file?.content as ArrayBuffer))).toBe(sha256(FILE));

    const { data } = await read(worker, `/emails/${id}/attachments`);
    const [listed] = data as readonly { readonly download_url: string }[];
    const download = await fetch(listed?.download_url ?? '');
    expect(sha256(new Uint8Array(await download.arrayBuffer()))).toBe(sha256(FILE));

    if (s3 === null) return;
    // What nobody else names is gone with the mail; the upload may still be named by others, for a day.
    const before = await s3.keys();
    await expect.poll(async () => (await read(worker, `/emails/${id}`))['last_event']).toBe('sent');
    await fetch(`${worker.url}/emails/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${worker.token}` },
    });
    const after = await s3.keys();
    expect(before.filter((key) => !after.includes(key))).toHaveLength(1);
  },
);
