import type { CreateMultipartUploadCommandInput, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { Hasher } from './hasher.ts';
import type { After } from './s3-requests.ts';
import { asked } from './s3-requests.ts';
import type { ObjectMeta } from './store.ts';
import { StoreUnavailable } from './store.ts';

interface Upload {
  readonly client: S3Client;
  readonly after: After;
  readonly hasher: () => Hasher;
  readonly target: CreateMultipartUploadCommandInput;
}

interface Cut {
  readonly first: Uint8Array;
  readonly rest: AsyncIterable<Uint8Array>;
  /** What it was in the end; throws when that is not what was announced. */
  readonly found: () => Promise<ObjectMeta>;
}

interface Part {
  readonly PartNumber: number;
  readonly ETag: string | undefined;
}

/** A long body, part after part. Nothing is visible before the last step, and nothing stays when a step fails. */
export async function uploadInParts(upload: Upload, cut: Cut): Promise<ObjectMeta> {
  const { client, after, target } = upload;
  const created = await asked(after, 0, ({ signal }) =>
    client.send(new CreateMultipartUploadCommand(target), { abortSignal: signal }),
  );
  if (created?.UploadId === undefined) throw new StoreUnavailable('There is no such bucket');
  const place = { Bucket: target.Bucket, Key: target.Key, UploadId: created.UploadId };
  try {
    const parts: Part[] = [await sendPart(upload, place, { number: 1, bytes: cut.first })];
    for await (const bytes of cut.rest) {
      parts.push(await sendPart(upload, place, { number: parts.length + 1, bytes }));
    }
    const found = await cut.found();
    await complete(upload, { ...place, MultipartUpload: { Parts: parts } }, found);
    return found;
  } catch (cause) {
    // Best effort: a rule of the bucket drops unfinished uploads after a day.
    const command = new AbortMultipartUploadCommand(place);
    await asked(after, 0, ({ signal }) => client.send(command, { abortSignal: signal })).catch(() => {});
    throw cause;
  }
}

async function sendPart(
  { client, after, hasher }: Upload,
  place: { readonly Bucket: string | undefined; readonly Key: string | undefined; readonly UploadId: string },
  { number, bytes }: { readonly number: number; readonly bytes: Uint8Array },
): Promise<Part> {
  const hash = hasher();
  hash.update(bytes);
  const sha256 = await hash.digest();
  const answer = await asked(after, bytes.byteLength, ({ signal }) => {
    const command = new UploadPartCommand({ ...place, PartNumber: number, Body: bytes });
    return client.send(signingBody(command, sha256), { abortSignal: signal });
  });
  if (answer === null) throw new StoreUnavailable('The object store lost an upload');
  return { PartNumber: number, ETag: answer.ETag };
}

/** An answer that got lost makes the next try find no upload: then the object itself tells whether it is there. */
async function complete(
  { client, after, target }: Upload,
  input: ConstructorParameters<typeof CompleteMultipartUploadCommand>[0],
  found: ObjectMeta,
): Promise<void> {
  const command = new CompleteMultipartUploadCommand(input);
  const answer = await asked(after, 0, ({ signal }) => client.send(command, { abortSignal: signal }));
  if (answer !== null) return;
  const look = new HeadObjectCommand({ Bucket: target.Bucket, Key: target.Key });
  const there = await asked(after, 0, ({ signal }) => client.send(look, { abortSignal: signal }));
  if (there?.ContentLength !== found.size || sha256Of(there) !== sha256Of(target)) {
    throw new StoreUnavailable('The object store lost an upload');
  }
}

function sha256Of(object: { readonly Metadata?: { readonly sha256?: string } | undefined }): string | null {
  return object.Metadata?.sha256 ?? null;
}

/**
 * The signature covers the body by its hash, over TLS too: a server that verifies refuses what was damaged on the way. The
 * client would compute that hash in JavaScript, and everything else would wait for it.
 */
export function signingBody<Command extends PutObjectCommand | UploadPartCommand>(
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
