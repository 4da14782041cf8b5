import type { Bucket, Described } from '../../objects/bucket.ts';
import { etagIn, refusePacked, sizeIn } from '../../objects/s3-answers.ts';
import type { S3Settings } from '../../objects/s3-requests.ts';
import { type Asking, S3Door, type Tree } from './s3-door.ts';

const XML_NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** The verbs of a bucket over `fetch`: what the house asks of S3, without the 300 KiB of its SDK. */
export function fetchBucket(settings: S3Settings): Bucket {
  const door = new S3Door(settings);
  /** An answer that says nothing but that it was done. */
  const done = async (asking: Asking, leaving: AbortSignal): Promise<true> => {
    await door.head(asking, leaving);
    return true;
  };
  const tree = async (asking: Asking, root: string, leaving: AbortSignal): Promise<Tree> => {
    const found = await door.inside(asking, root, leaving);
    if (typeof found !== 'object' || found === null) throw new Error(`The bucket leaves ${root} empty`);
    return found as Tree;
  };
  return {
    find: (leaving) => done({ method: 'HEAD' }, leaving),
    async look(key, leaving) {
      const headers = await door.head({ method: 'HEAD', key }, leaving);
      refusePacked(headers.get('content-encoding'));
      return { ...facts(headers), size: sizeIn(Number(headers.get('content-length') || Number.NaN)) };
    },
    async read({ key, from, etag }, leaving) {
      const range: Record<string, string> = from === 0 ? {} : { range: `bytes=${from}-` };
      const headers = { ...range, 'if-match': etag };
      const answer = await door.ask({ method: 'GET', key, headers }, leaving);
      refusePacked(answer.headers.get('content-encoding'));
      return { range: answer.headers.get('content-range') ?? undefined, body: answer.body };
    },
    async put({ key, bytes, sha256, ...described }, leaving) {
      const asking = { method: 'PUT', key, headers: headersOf(described), body: { bytes, sha256 } } as const;
      etagIn((await door.head(asking, leaving)).get('etag'));
      return true;
    },
    async copy({ from, to, described }, leaving) {
      const source = { 'x-amz-copy-source': `${settings.bucket}/${from}` };
      const headers =
        described === null
          ? source
          : { ...source, 'x-amz-metadata-directive': 'REPLACE', ...headersOf(described) };
      const asking = { method: 'PUT', key: to, query: { 'x-id': 'CopyObject' }, headers } as const;
      await door.inside(asking, 'CopyObjectResult', leaving);
      return true;
    },
    delete: (key, leaving) => done({ method: 'DELETE', key }, leaving),
    async list({ prefix, page }, leaving) {
      const first = { 'list-type': '2', prefix };
      const query = page === undefined ? first : { ...first, 'continuation-token': page };
      const listed = await tree({ method: 'GET', query }, 'ListBucketResult', leaving);
      const objects = entries(listed['Contents']).flatMap((entry) => {
        const key = textOf(entry, 'Key');
        return key === undefined ? [] : { key, putAt: momentIn(textOf(entry, 'LastModified')) };
      });
      return { objects, next: textOf(listed, 'NextContinuationToken') };
    },
    async begin({ key, ...described }, leaving) {
      const asking = { method: 'POST', key, query: { uploads: '' }, headers: headersOf(described) } as const;
      const begun = await tree(asking, 'InitiateMultipartUploadResult', leaving);
      const id = textOf(begun, 'UploadId');
      if (id === undefined) throw new Error('The object store begins no upload');
      return { key, id };
    },
    async putPart({ upload, number, bytes, sha256 }, leaving) {
      const query = { partNumber: String(number), uploadId: upload.id };
      const asking = { method: 'PUT', key: upload.key, query, body: { bytes, sha256 } } as const;
      return { number, etag: etagIn((await door.head(asking, leaving)).get('etag')) };
    },
    async finish({ upload, parts }, leaving) {
      const list = parts.map(({ number, etag }) => {
        const tag = etag.replace(/[&<>]/g, (one) => `&#${one.charCodeAt(0)};`);
        return `<Part><PartNumber>${number}</PartNumber><ETag>${tag}</ETag></Part>`;
      });
      const xml = `<CompleteMultipartUpload xmlns="${XML_NAMESPACE}">${list.join('')}</CompleteMultipartUpload>`;
      const headers = { 'content-type': 'application/xml' };
      const query = { uploadId: upload.id };
      const asking = { method: 'POST', key: upload.key, query, headers, body: { xml } } as const;
      await door.inside(asking, 'CompleteMultipartUploadResult', leaving);
      return true;
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

function facts(headers: Headers): Described & { readonly etag: string } {
  const [sha256, untyped] = [headers.get('x-amz-meta-sha256'), headers.get('x-amz-meta-untyped')];
  return {
    etag: etagIn(headers.get('etag')),
    contentType: headers.get('content-type') ?? undefined,
    metadata: { ...(sha256 === null ? {} : { sha256 }), ...(untyped === null ? {} : { untyped }) },
  };
}

/** The sweep deletes by it: what cannot be read is no moment at all. */
function momentIn(text: string | undefined): number {
  const moment = Date.parse(text ?? '');
  if (Number.isNaN(moment)) throw new Error('The bucket does not tell when an object was put');
  return moment;
}

/** An element that is there once stands alone, one that repeats in a list. */
function entries(value: unknown): readonly Tree[] {
  return (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'object' && one !== null);
}

function textOf(tree: Tree, name: string): string | undefined {
  const text = tree[name];
  return typeof text === 'string' && text !== '' ? text : undefined;
}
