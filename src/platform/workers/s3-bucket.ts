import { parseXML } from '@aws-sdk/xml-builder';
import type { Bucket, Described } from '../../objects/bucket.ts';
import type { S3Settings } from '../../objects/s3-requests.ts';
import { type Asking, S3Door } from './s3-door.ts';

const XML_NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** The verbs of a bucket over `fetch`: what the house asks of S3, without the 300 KiB of its SDK. */
export function fetchBucket(settings: S3Settings): Bucket {
  const door = new S3Door(settings);
  /** An answer that says nothing but that it was done. */
  const done = async (asking: Asking, leaving: AbortSignal): Promise<true> => {
    await door.text(asking, leaving);
    return true;
  };
  return {
    find: (leaving) => done({ method: 'HEAD' }, leaving),
    async look(key, leaving) {
      const { headers } = await door.ask({ method: 'HEAD', key }, leaving);
      return { ...facts(headers), size: Number(headers.get('content-length') ?? 0) };
    },
    async read({ key, from, etag }, leaving) {
      const range: Record<string, string> = from === 0 ? {} : { range: `bytes=${from}-` };
      const headers = etag === undefined ? range : { ...range, 'if-match': etag };
      const answer = await door.ask({ method: 'GET', key, headers }, leaving);
      return { range: answer.headers.get('content-range') ?? undefined, body: answer.body };
    },
    put: ({ key, bytes, sha256, ...described }, leaving) =>
      done({ method: 'PUT', key, headers: headersOf(described), body: { bytes, sha256 } }, leaving),
    async copy({ from, to, described }, leaving) {
      const source = { 'x-amz-copy-source': `${settings.bucket}/${from}` };
      const headers =
        described === null
          ? source
          : { ...source, 'x-amz-metadata-directive': 'REPLACE', ...headersOf(described) };
      return done({ method: 'PUT', key: to, query: { 'x-id': 'CopyObject' }, headers }, leaving);
    },
    delete: (key, leaving) => done({ method: 'DELETE', key }, leaving),
    async list({ prefix, page }, leaving) {
      const first = { 'list-type': '2', prefix };
      const query = page === undefined ? first : { ...first, 'continuation-token': page };
      const listed = inside(await door.text({ method: 'GET', query }, leaving), 'ListBucketResult');
      const objects = entries(listed['Contents']).flatMap((entry) => {
        const [key, at] = [textOf(entry, 'Key'), textOf(entry, 'LastModified')];
        return key === undefined || at === undefined ? [] : { key, putAt: Date.parse(at) };
      });
      return { objects, next: textOf(listed, 'NextContinuationToken') };
    },
    async begin({ key, ...described }, leaving) {
      const asking = { method: 'POST', key, query: { uploads: '' }, headers: headersOf(described) } as const;
      const begun = inside(await door.text(asking, leaving), 'InitiateMultipartUploadResult');
      const id = textOf(begun, 'UploadId');
      if (id === undefined) throw new Error('The object store begins no upload');
      return { key, id };
    },
    async putPart({ upload, number, bytes, sha256 }, leaving) {
      const query = { partNumber: String(number), uploadId: upload.id };
      const asking = { method: 'PUT', key: upload.key, query, body: { bytes, sha256 } } as const;
      const { headers } = await door.ask(asking, leaving);
      return { number, etag: headers.get('etag') ?? undefined };
    },
    finish({ upload, parts }, leaving) {
      const list = parts.map(({ number, etag }) => {
        const tag = (etag ?? '').replace(/[&<>]/g, (one) => `&#${one.charCodeAt(0)};`);
        return `<Part><PartNumber>${number}</PartNumber><ETag>${tag}</ETag></Part>`;
      });
      const xml = `<CompleteMultipartUpload xmlns="${XML_NAMESPACE}">${list.join('')}</CompleteMultipartUpload>`;
      const headers = { 'content-type': 'application/xml' };
      const query = { uploadId: upload.id };
      return done({ method: 'POST', key: upload.key, query, headers, body: { xml } }, leaving);
    },
    abort: ({ key, id }, leaving) => done({ method: 'DELETE', key, query: { uploadId: id } }, leaving),
    sign: (put, now) => door.sign(put, now),
  };
}

function headersOf({ contentType, metadata }: Described): Record<string, string> {
  const beside = Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]);
  const headers = Object.fromEntries(beside) as Record<string, string>;
  return contentType === undefined ? headers : { ...headers, 'content-type': contentType };
}

function facts(headers: Headers): Described & { readonly etag: string | undefined } {
  const [sha256, untyped] = [headers.get('x-amz-meta-sha256'), headers.get('x-amz-meta-untyped')];
  return {
    etag: headers.get('etag') ?? undefined,
    contentType: headers.get('content-type') ?? undefined,
    metadata: { ...(sha256 === null ? {} : { sha256 }), ...(untyped === null ? {} : { untyped }) },
  };
}

type Tree = Readonly<Record<string, unknown>>;

/** @throws when the answer is something else: it may be whole next time. */
function inside(xml: string, root: string): Tree {
  const tree: unknown = (parseXML(xml) as Tree)[root];
  if (typeof tree !== 'object' || tree === null) throw new Error(`The object store answers without ${root}`);
  return tree as Tree;
}

/** An element that is there once stands alone, one that repeats in a list. */
function entries(value: unknown): readonly Tree[] {
  return (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'object' && one !== null);
}

function textOf(tree: Tree, name: string): string | undefined {
  const text = tree[name];
  return typeof text === 'string' && text !== '' ? text : undefined;
}
