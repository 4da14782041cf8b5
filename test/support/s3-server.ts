import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import S3rver, { type Written } from 's3rver';
import type { S3Settings } from '../../src/objects/s3-requests.ts';
import { distrust, type SignedRequest } from './s3-signature.ts';

const BUCKET = 'mail';
const KEYS = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };

export interface S3Server {
  readonly url: string;
  /** What a client needs; `endpoint` may be replaced by that of a proxy. */
  readonly settings: S3Settings;
  /** Keys of all objects. */
  keys(): Promise<readonly string[]>;
  /** Ids of uploads in parts that were neither finished nor given up. */
  unfinished(): Promise<readonly string[]>;
  /** Changes one byte behind the server's back. */
  flip(key: string): Promise<void>;
  empty(): Promise<void>;
  close(): Promise<void>;
}

/**
 * s3rver on loopback, behind a gate that does what s3rver leaves out and S3 does: it verifies signatures and the hashes of
 * bodies, shows only whole objects, one request after the other, gives up uploads, and knows If-Match.
 */
export async function startS3Server(): Promise<S3Server> {
  const root = await mkdtemp(join(tmpdir(), 'mailwright-s3-'));
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    directory: root,
    silent: true,
    configureBuckets: [{ name: BUCKET }],
  });
  mend(server.store);
  const { port } = await server.run();
  const uploadsOf = (bucket: string): string => server.store.getResourcePath(bucket, undefined, 'uploads');

  let turn: Promise<unknown> = Promise.resolve();
  const gate = createServer((incoming, outgoing) => {
    void readAll(incoming).then((body) => {
      // A client that went away in the middle of a body has asked for nothing.
      if (body === null) return;
      turn = turn.then(async () => {
        const answer = await answerOf({ port, uploadsOf }, signedRequest(incoming, body));
        outgoing.writeHead(answer.status, answer.headers).end(answer.body);
      });
    });
  });
  gate.listen(0, '127.0.0.1');
  await once(gate, 'listening');
  const url = `http://127.0.0.1:${(gate.address() as AddressInfo).port}`;

  return {
    url,
    settings: { endpoint: url, region: 'us-east-1', bucket: BUCKET, ...KEYS, forcePathStyle: true },
    async keys() {
      const names = await readdir(join(root, BUCKET), { recursive: true });
      const suffix = '._S3rver_object';
      return names.filter((name) => name.endsWith(suffix)).map((name) => name.slice(0, -suffix.length));
    },
    unfinished: () => readdir(uploadsOf(BUCKET)).catch(() => []),
    async flip(key) {
      const path = server.store.getResourcePath(BUCKET, key, 'object');
      const bytes = await readFile(path);
      bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
      await writeFile(path, bytes);
    },
    async empty() {
      await rm(join(root, BUCKET), { recursive: true });
      await mkdir(join(root, BUCKET));
    },
    async close() {
      gate.close();
      gate.closeAllConnections();
      await turn;
      await server.close();
      await rm(root, { recursive: true });
    },
  };
}

/** s3rver answers before all of a body is on disk, and writes into what is being read. */
function mend(store: S3rver['store']): void {
  const written = async (path: string, content: AsyncIterable<Uint8Array>): Promise<Written> => {
    const pieces: Uint8Array[] = [];
    for await (const piece of content) pieces.push(piece);
    const bytes = Buffer.concat(pieces);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(`${path}.new`, bytes);
    await rename(`${path}.new`, path);
    return { size: bytes.length, md5: createHash('md5').update(bytes).digest('hex') };
  };
  store.putObject = async ({ bucket, key, content, metadata }) => {
    const answer = await written(store.getResourcePath(bucket, key, 'object'), content);
    await store.putMetadata(bucket, key, metadata, answer.md5);
    return answer;
  };
  store.putPart = async (bucket, uploadId, number, content) =>
    written(join(store.getResourcePath(bucket, undefined, 'uploads'), uploadId, number), content);
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

async function answerOf(
  place: { readonly port: number; readonly uploadsOf: (bucket: string) => string },
  asked: SignedRequest,
): Promise<Answer> {
  const refused = distrust(asked, KEYS, Date.now());
  if (refused !== null)
    return failure(refused === 'XAmzContentSHA256Mismatch' || refused === 'BadDigest' ? 400 : 403, refused);
  const { pathname, searchParams } = new URL(asked.url, 'http://s3');
  const upload = searchParams.get('uploadId');
  if (upload !== null) {
    const folder = join(place.uploadsOf(pathname.split('/')[1] ?? ''), upload);
    if (!existsSync(folder)) return failure(404, 'NoSuchUpload');
    if (asked.method === 'DELETE') {
      await rm(folder, { recursive: true });
      return { status: 204, headers: {}, body: new Uint8Array() };
    }
  }
  const answer = await forwarded(place.port, asked);
  const condition = asked.headers['if-match'];
  const isOther = condition !== undefined && answer.status < 300 && answer.headers.etag !== condition;
  return isOther ? failure(412, 'PreconditionFailed') : answer;
}

function failure(status: number, code: string): Answer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${code}</Message></Error>`;
  return { status, headers: { 'content-type': 'application/xml' }, body: Buffer.from(body) };
}

function signedRequest({ method, url, headers }: IncomingMessage, body: Uint8Array): SignedRequest {
  return { method: method ?? '', url: url ?? '', headers, body };
}

async function forwarded(port: number, { method, url, headers, body }: SignedRequest): Promise<Answer> {
  const outgoing = request({ host: '127.0.0.1', port, method, path: url, headers });
  outgoing.end(body);
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    body: (await readAll(answer)) ?? new Uint8Array(),
  };
}

async function readAll(message: IncomingMessage): Promise<Buffer | null> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of message) pieces.push(piece as Buffer);
    return Buffer.concat(pieces);
  } catch {
    return null;
  }
}
