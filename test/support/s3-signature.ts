import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export interface SignedRequest {
  readonly method: string;
  /** As it stood in the request line. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const hex = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** What a server answers to a request that it does not believe, or null. AWS Signature Version 4, in headers or in the URL. */
export function distrust(request: SignedRequest, keys: Keys, now: number): string | null {
  const url = new URL(request.url, 'http://s3');
  const inQuery = url.searchParams.has('X-Amz-Signature');
  const given = inQuery ? fromQuery(url.searchParams) : fromHeaders(request.headers);
  if (given === null) return 'AccessDenied';
  const [accessKeyId, day, region, service, end] = given.credential.split('/');
  if (accessKeyId !== keys.accessKeyId) return 'InvalidAccessKeyId';
  const signedAt = Date.parse(given.date.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'));
  if (inQuery ? now > signedAt + given.expires * 1000 : Math.abs(now - signedAt) > 900_000) {
    return inQuery ? 'AccessDenied' : 'RequestTimeTooSkewed';
  }
  url.searchParams.delete('X-Amz-Signature');
  const canonical = [
    request.method,
    url.pathname,
    canonicalQuery(url.searchParams),
    ...given.signedHeaders.map((name) => `${name}:${canonicalValue(request.headers[name])}`),
    '',
    given.signedHeaders.join(';'),
    given.payload,
  ].join('\n');
  const scope = [day, region, service, end].join('/');
  const key = [day, region, service, end].reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(String(part)).digest(),
    `AWS4${keys.secretAccessKey}`,
  );
  const signature = createHmac('sha256', key)
    .update(['AWS4-HMAC-SHA256', given.date, scope, hex(canonical)].join('\n'))
    .digest('hex');
  if (signature !== given.signature) return 'SignatureDoesNotMatch';
  return wrongBody(given.payload, request);
}

function wrongBody(payload: string, { headers, body }: SignedRequest): string | null {
  if (/^[0-9a-f]{64}$/.test(payload) && payload !== hex(body)) return 'XAmzContentSHA256Mismatch';
  const checksum = headers['x-amz-checksum-sha256'];
  if (checksum === undefined) return null;
  return checksum === createHash('sha256').update(body).digest('base64') ? null : 'BadDigest';
}

interface Given {
  readonly credential: string;
  readonly date: string;
  readonly expires: number;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly payload: string;
}

function fromQuery(query: URLSearchParams): Given {
  const of = (name: string): string => query.get(`X-Amz-${name}`) ?? '';
  return {
    credential: of('Credential'),
    date: of('Date'),
    expires: Number(of('Expires')),
    signedHeaders: of('SignedHeaders').split(';'),
    signature: of('Signature'),
    payload: 'UNSIGNED-PAYLOAD',
  };
}

function fromHeaders(headers: IncomingHttpHeaders): Given | null {
  const parts = /^AWS4-HMAC-SHA256 Credential=(.+?), ?SignedHeaders=(.+?), ?Signature=(.+)$/.exec(
    headers.authorization ?? '',
  );
  if (parts === null) return null;
  return {
    credential: parts[1] ?? '',
    date: String(headers['x-amz-date']),
    expires: 0,
    signedHeaders: (parts[2] ?? '').split(';'),
    signature: parts[3] ?? '',
    payload: String(headers['x-amz-content-sha256']),
  };
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .toSorted()
    .join('&');
}

function canonicalValue(value: string | readonly string[] | undefined): string {
  return String(value ?? '')
    .trim()
    .replace(/ +/g, ' ');
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
