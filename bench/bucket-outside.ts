/**
 * An R2 bucket in a process of its own, for measurements: what workerd's binding says to a bucket over HTTP, as far as the
 * house needs it. Objects are files. Tells its port to whoever forked it.
 *
 *   node bench/bucket-outside.ts FOLDER
 */
import { createHash, randomUUID } from 'node:crypto';
import { appendFile, open, rm, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const [, , folder = '.'] = process.argv;
const NO_SUCH_KEY = 10007;

/** What the binding asks: a method, and what it is about. */
interface Asked {
  readonly method: string;
  readonly object?: string;
  readonly objects?: readonly string[];
  readonly uploadId?: string;
  readonly partNumber?: number;
  readonly parts?: readonly { readonly part: number }[];
  readonly customFields?: readonly unknown[];
  readonly httpFields?: unknown;
}

type Described = Pick<Asked, 'customFields' | 'httpFields'>;

const objects = new Map<string, Described & { readonly etag: string }>();
const uploads = new Map<string, Described>();

const fileOf = (name: string): string => join(folder, createHash('sha256').update(name).digest('hex'));
const partOf = ({ uploadId, partNumber }: Asked): string => `${fileOf(uploadId ?? '')}.${partNumber}`;

async function head(key: string): Promise<Record<string, unknown> | null> {
  const found = objects.get(key);
  if (found === undefined) return null;
  const { size, mtimeMs } = await stat(fileOf(key));
  const { etag, customFields = [], httpFields = {} } = found;
  const uploaded = Math.round(mtimeMs);
  return { name: key, version: etag, size, etag, uploaded, customFields, httpFields, checksums: {} };
}

async function keep(path: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'w');
  try {
    for await (const piece of body) await file.write(piece);
  } finally {
    await file.close();
  }
}

function answer(response: ServerResponse, value: unknown, bodyBytes = 0): Buffer {
  const json = Buffer.from(JSON.stringify(value));
  response.setHeader('cf-r2-metadata-size', json.length);
  response.setHeader('content-length', json.length + bodyBytes);
  return json;
}

async function serve(asked: Asked, body: AsyncIterable<Uint8Array>, response: ServerResponse): Promise<void> {
  const { method, object = '', customFields = [], httpFields = {} } = asked;
  switch (method) {
    case 'head':
    case 'get': {
      const found = await head(object);
      if (found === null) {
        const error = JSON.stringify({ version: 1, v4code: NO_SUCH_KEY, message: 'no such key' });
        response.writeHead(404, { 'cf-r2-error': error }).end();
      } else if (method === 'head') response.end(answer(response, found));
      else {
        const size = Number(found['size']);
        response.write(answer(response, { ...found, range: { offset: 0, length: size } }, size));
        const file = await open(fileOf(object));
        await pipeline(file.createReadStream(), response);
      }
      return;
    }
    case 'put':
      await keep(fileOf(object), body);
      objects.set(object, { etag: randomUUID(), customFields, httpFields });
      response.end(answer(response, await head(object)));
      return;
    case 'createMultipartUpload': {
      const uploadId = randomUUID();
      uploads.set(uploadId, { customFields, httpFields });
      response.end(answer(response, { uploadId }));
      return;
    }
    case 'uploadPart':
      await keep(partOf(asked), body);
      response.end(answer(response, { etag: String(asked.partNumber) }));
      return;
    case 'completeMultipartUpload':
      await rm(fileOf(object), { force: true });
      for (const { part: partNumber } of asked.parts ?? []) {
        const path = partOf({ ...asked, partNumber });
        const file = await open(path);
        await appendFile(fileOf(object), file.createReadStream());
        await rm(path);
      }
      objects.set(object, { etag: randomUUID(), ...uploads.get(asked.uploadId ?? '') });
      response.end(answer(response, await head(object)));
      return;
    case 'list':
      response.end(answer(response, { objects: [], truncated: false, delimitedPrefixes: [] }));
      return;
    default:
      for (const key of asked.objects ?? [object]) if (objects.delete(key)) await rm(fileOf(key));
      response.end();
  }
}

/** The question stands in a header, or before the value in the body. */
async function questionOf(
  request: IncomingMessage,
): Promise<{ readonly asked: Asked; readonly body: AsyncIterable<Uint8Array> }> {
  const header = request.headers['cf-r2-request'];
  if (typeof header === 'string') return { asked: JSON.parse(header) as Asked, body: request };
  const length = Number(request.headers['cf-r2-metadata-size']);
  const pieces: AsyncIterator<Buffer> = request[Symbol.asyncIterator]();
  let start: Buffer = Buffer.alloc(0);
  while (start.length < length) {
    const { value, done } = await pieces.next();
    if (done === true) throw new Error('The question broke off');
    start = Buffer.concat([start, value]);
  }
  async function* body(): AsyncGenerator<Uint8Array> {
    yield start.subarray(length);
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) yield next.value;
  }
  return { asked: JSON.parse(start.toString('utf8', 0, length)) as Asked, body: body() };
}

const server = createServer((request, response) => {
  questionOf(request)
    .then(({ asked, body }) => serve(asked, body, response))
    .catch((cause: unknown) => {
      console.error(cause);
      response.destroy();
    });
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
