import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { parseXML } from '@aws-sdk/xml-builder';
import { SignatureV4 } from '@smithy/signature-v4';
import { checkedKey } from '../../objects/key.ts';
import { ANSWER_BYTES } from '../../objects/s3-answers.ts';
import type { S3Settings } from '../../objects/s3-requests.ts';
import type { PutToSign, SignedPut } from '../../objects/store.ts';

/** Beyond this our clock is taken to be wrong, as Amazon's SDK does: a signature is good for fifteen minutes. */
const SKEW_MS = 5 * 60_000;

/** Of a refusal, and of what should say nothing. S3's own have less than one KiB; others on the way may send without end. */
const REFUSAL_BYTES = 64 * 1024;

export type Tree = Readonly<Record<string, unknown>>;

export interface Asking {
  readonly method: 'HEAD' | 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Without one the bucket itself is asked. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?:
    | { readonly bytes: Uint8Array /** Of the bytes, in lower-case hex. */; readonly sha256: string }
    | { readonly xml: string };
}

/** Signed requests to one bucket, each tried once. What is refused is thrown as `Bucket` has it. */
export class S3Door {
  readonly #place: { readonly origin: URL; readonly path: string };
  readonly #signer: SignatureV4;
  #skewMs = 0;

  constructor(settings: S3Settings) {
    const { region, accessKeyId, secretAccessKey } = settings;
    this.#place = placeOf(settings);
    this.#signer = new SignatureV4({
      service: 's3',
      region,
      credentials: { accessKeyId, secretAccessKey },
      sha256: Sha256,
      uriEscapePath: false,
      applyChecksum: true,
    });
  }

  /** The answer with its body unread. */
  async ask(asking: Asking, leaving: AbortSignal): Promise<Response> {
    const { method, query = {}, body } = asking;
    const hash: Record<string, string> =
      body !== undefined && 'sha256' in body ? { 'x-amz-content-sha256': body.sha256 } : {};
    const sent = body === undefined ? null : 'xml' in body ? body.xml : body.bytes;
    const signed = await this.#signer.sign(
      {
        ...this.#request(method, asking.key),
        query: { ...query },
        headers: { host: this.#place.origin.host, ...asking.headers, ...hash },
        body: sent ?? undefined,
      },
      { signingDate: new Date(Date.now() + this.#skewMs) },
    );
    const { host: _, ...headers } = signed.headers;
    const answer = await fetch(this.#url(signed.path, query), {
      method,
      // Not signed: what lies between may change it. Nothing is to be packed that is not stored so.
      headers: { ...headers, 'accept-encoding': 'identity' },
      body: sent as Uint8Array<ArrayBuffer> | string | null,
      signal: leaving,
      redirect: 'manual',
    });
    this.#setClock(answer);
    if (!answer.ok) throw refusal((await textOf(answer, REFUSAL_BYTES)).text, answer.status);
    return answer;
  }

  /** The headers of an answer whose body says nothing. */
  async head(asking: Asking, leaving: AbortSignal): Promise<Headers> {
    const answer = await this.ask(asking, leaving);
    await textOf(answer, REFUSAL_BYTES);
    return answer.headers;
  }

  /**
   * What is inside the answer's root. S3 begins a long step with 200, sends white space while it lasts, and may end with an error
   * or not at all: nothing but that root says that it was done.
   */
  async inside(asking: Asking, root: string, leaving: AbortSignal): Promise<unknown> {
    const { text, isWhole } = await textOf(await this.ask(asking, leaving), ANSWER_BYTES);
    if (!isWhole) throw new Error('The bucket answers without end');
    const found = parseXML(text) as Tree;
    if (Object.hasOwn(found, 'Error')) throw refusal(text, 503);
    if (!Object.hasOwn(found, root)) throw new Error(`The bucket answers without ${root}`);
    return found[root];
  }

  async sign(put: PutToSign, now: number): Promise<SignedPut> {
    const { size, contentType, expiresInSeconds, sha256 } = put;
    const hash: Record<string, string> =
      sha256 === undefined ? {} : { 'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64') };
    const headers = { 'content-type': contentType, ...hash };
    const request = {
      ...this.#request('PUT', checkedKey(put.key)),
      headers: {
        ...headers,
        host: this.#place.origin.host,
        'content-length': String(size),
        'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
      },
    };
    const { path, query } = await this.#signer.presign(request, {
      expiresIn: expiresInSeconds,
      signingDate: new Date(now),
      signableHeaders: new Set(['content-type']),
      unhoistableHeaders: new Set(['x-amz-checksum-sha256']),
    });
    return { method: 'PUT', url: this.#url(path, query as Record<string, string>), headers };
  }

  #request(method: string, key?: string) {
    const { origin, path } = this.#place;
    return {
      method,
      protocol: origin.protocol,
      hostname: origin.hostname,
      path: key === undefined ? path || '/' : `${path}/${key}`,
    };
  }

  #url(path: string, query: Readonly<Record<string, string>>): string {
    const search = String(new URLSearchParams(query));
    return `${this.#place.origin.origin}${path}${search === '' ? '' : `?${search}`}`;
  }

  #setClock({ headers }: Response): void {
    const skew = Date.parse(headers.get('date') ?? '') - Date.now();
    if (Math.abs(skew - this.#skewMs) > SKEW_MS) this.#skewMs = skew;
  }
}

/** The bucket's name stands before the host's where a certificate and a name server can follow, else in the path. */
function placeOf({ endpoint, region, bucket, forcePathStyle }: S3Settings): {
  readonly origin: URL;
  readonly path: string;
} {
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const base = new URL(endpoint ?? `https://s3.${region}.${suffix}`);
  const path = base.pathname.replace(/\/+$/, '');
  const isDotted = bucket.includes('.') && base.protocol === 'https:';
  const isAddress = /^\[|^[\d.]+$/.test(base.hostname);
  if (forcePathStyle || isDotted || isAddress) return { origin: base, path: `${path}/${bucket}` };
  const origin = new URL(base);
  origin.hostname = `${bucket}.${base.hostname}`;
  return { origin, path };
}

/** Leaving early ends the connection. */
async function textOf(
  { body }: Response,
  limit: number,
): Promise<{ readonly text: string; readonly isWhole: boolean }> {
  const decoder = new TextDecoder();
  let [text, bytes] = ['', 0];
  for await (const piece of body ?? []) {
    bytes += piece.byteLength;
    if (bytes > limit) return { text, isWhole: false };
    text += decoder.decode(piece, { stream: true });
  }
  return { text: text + decoder.decode(), isWhole: true };
}

/** A 404 without S3's words is one to HEAD. */
function refusal(text: string, status: number): Error {
  const code = codeOf(text);
  const error = new Error(`The bucket answers ${status} ${code ?? ''}`.trimEnd());
  error.name = code ?? (status === 404 ? 'NotFound' : 'Refused');
  return Object.assign(error, { $metadata: { httpStatusCode: status } });
}

function codeOf(xml: string): string | undefined {
  try {
    const code: unknown = (parseXML(xml) as { readonly Error?: { readonly Code?: unknown } }).Error?.Code;
    return typeof code === 'string' ? code : undefined;
  } catch {
    return undefined;
  }
}

/** The runtime's own hash, in the form in which the signer wants one. */
class Sha256 {
  #hash: Hash | Hmac;
  readonly #open: () => Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#open = () => (secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret)));
    this.#hash = this.#open();
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  async digest(): Promise<Uint8Array> {
    return new Uint8Array(this.#hash.digest());
  }

  reset(): void {
    this.#hash = this.#open();
  }
}

function bytesOf(secret: string | ArrayBuffer | ArrayBufferView): string | Uint8Array {
  if (typeof secret === 'string') return secret;
  return secret instanceof ArrayBuffer
    ? new Uint8Array(secret)
    : new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength);
}
