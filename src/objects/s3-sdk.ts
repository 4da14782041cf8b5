import type { PutObjectCommandInput, S3ClientConfig } from '@aws-sdk/client-s3';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { Bucket, Described, Upload } from './bucket.ts';
import { ANSWER_BYTES, etagIn, refusePacked, sizeIn } from './s3-answers.ts';
import type { S3Settings } from './s3-requests.ts';
import { signPut } from './s3-sign.ts';
import { StoreUnavailable } from './store.ts';

export function openClient(settings: S3Settings): S3Client {
  const config: S3ClientConfig = {
    region: settings.region,
    credentials: { accessKeyId: settings.accessKeyId, secretAccessKey: settings.secretAccessKey },
    forcePathStyle: settings.forcePathStyle,
    // Streaming checksums in trailers damage puts on servers that do not know them. Bodies are signed by their SHA-256.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Tries and deadlines are counted here, once: see `asked`.
    maxAttempts: 1,
    streamCollector: collected,
  };
  return new S3Client(settings.endpoint === null ? config : { ...config, endpoint: settings.endpoint });
}

/** A bucket by way of Amazon's SDK. */
export function sdkBucket(settings: S3Settings): Bucket {
  const client = openClient(settings);
  const place = { Bucket: settings.bucket };
  const placeOf = ({ key, id }: Upload) => ({ ...place, Key: key, UploadId: id });
  return {
    async find(abortSignal) {
      await client.send(new HeadBucketCommand(place), { abortSignal });
      return true;
    },
    async look(key, abortSignal) {
      const found = await client.send(new HeadObjectCommand({ ...place, Key: key }), { abortSignal });
      refusePacked(found.ContentEncoding);
      return {
        size: sizeIn(found.ContentLength ?? Number.NaN),
        etag: etagIn(found.ETag),
        contentType: found.ContentType,
        metadata: found.Metadata ?? {},
      };
    },
    async read({ key, from, etag }, abortSignal) {
      const range = from === 0 ? undefined : `bytes=${from}-`;
      const command = new GetObjectCommand({ ...place, Key: key, IfMatch: etag, Range: range });
      const { ContentEncoding, ContentRange, Body } = await client.send(command, { abortSignal });
      refusePacked(ContentEncoding);
      return { range: ContentRange, body: Body };
    },
    async put({ key, bytes, sha256, ...described }, abortSignal) {
      const command = new PutObjectCommand({ ...place, Key: key, Body: bytes, ...headersOf(described) });
      etagIn((await client.send(signingBody(command, sha256), { abortSignal })).ETag);
      return true;
    },
    async copy({ from, to, described }, abortSignal) {
      const command = new CopyObjectCommand({
        ...place,
        Key: to,
        CopySource: `${settings.bucket}/${from}`,
        ...(described === null ? {} : { MetadataDirective: 'REPLACE', ...headersOf(described) }),
      });
      // The SDK takes any root for the right one.
      etagIn((await client.send(command, { abortSignal })).CopyObjectResult?.ETag);
      return true;
    },
    async delete(key, abortSignal) {
      await client.send(new DeleteObjectCommand({ ...place, Key: key }), { abortSignal });
      return true;
    },
    async list({ prefix, page }, abortSignal) {
      const command = new ListObjectsV2Command({ ...place, Prefix: prefix, ContinuationToken: page });
      const { Contents, NextContinuationToken } = await client.send(command, { abortSignal });
      const objects = (Contents ?? []).flatMap(({ Key: key, LastModified: at }) =>
        key === undefined || at === undefined ? [] : { key, putAt: at.getTime() },
      );
      return { objects, next: NextContinuationToken };
    },
    async begin({ key, ...described }, abortSignal) {
      const command = new CreateMultipartUploadCommand({ ...place, Key: key, ...headersOf(described) });
      const { UploadId: id } = await client.send(command, { abortSignal });
      if (id === undefined) throw new StoreUnavailable('The object store begins no upload');
      return { key, id };
    },
    async putPart({ upload, number, bytes, sha256 }, abortSignal) {
      const command = new UploadPartCommand({ ...placeOf(upload), PartNumber: number, Body: bytes });
      const { ETag: etag } = await client.send(signingBody(command, sha256), { abortSignal });
      return { number, etag: etagIn(etag) };
    },
    async finish({ upload, parts }, abortSignal) {
      const Parts = parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag }));
      const command = new CompleteMultipartUploadCommand({ ...placeOf(upload), MultipartUpload: { Parts } });
      etagIn((await client.send(command, { abortSignal })).ETag);
      return true;
    },
    async abort(upload, abortSignal) {
      await client.send(new AbortMultipartUploadCommand(placeOf(upload)), { abortSignal });
      return true;
    },
    sign: (put, now) => signPut({ client, bucket: settings.bucket, now }, put),
  };
}

/** What is no object is read to its end, unless it has none. */
async function collected(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of stream) {
    size += piece.byteLength;
    if (size > ANSWER_BYTES) throw new Error('The bucket answers without end');
    pieces.push(piece);
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.byteLength;
  }
  return all;
}

function headersOf({
  contentType,
  metadata,
}: Described): Pick<PutObjectCommandInput, 'ContentType' | 'Metadata'> {
  const Metadata = { ...metadata };
  return contentType === undefined ? { Metadata } : { Metadata, ContentType: contentType };
}

/**
 * The signature covers the body by its hash, over TLS too: a server that verifies refuses what was damaged on the way. The
 * client would compute that hash in JavaScript, and everything else would wait for it.
 */
function signingBody<Command extends PutObjectCommand | UploadPartCommand>(
  command: Command,
  sha256: string,
): Command {
  // Both kinds of command have the same stack, but a union of the two cannot be called.
  const { middlewareStack } = command as PutObjectCommand;
  middlewareStack.add(
    (next) => (args) => {
      const { request } = args as typeof args & {
        readonly request: { readonly headers: Record<string, string> };
      };
      request.headers['x-amz-content-sha256'] = sha256;
      return next(args);
    },
    { step: 'build' },
  );
  return command;
}
