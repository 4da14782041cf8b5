import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SdkService, startForSdk } from './sdk-service.ts';

const MIB = 1024 * 1024;
const LIMIT = 30 * MIB;
const HEAD = Buffer.from('From: a@people.example\r\nSubject: Large\r\n\r\n');

let service: SdkService;
beforeAll(async () => {
  service = await startForSdk({ INBOUND_MAX_BYTES: String(LIMIT) });
}, 30_000);
afterAll(() => service.stop());

/** A mail of exactly this many bytes that compresses to nothing less, in pieces. */
function mail(size: number): readonly Buffer[] {
  const pieces = [HEAD];
  const line = Buffer.from(`${randomBytes(37).toString('hex')}\r\n`);
  const block = Buffer.concat(Array<Buffer>(800).fill(line));
  for (let left = size - HEAD.length; left > 0; left -= block.length)
    pieces.push(left >= block.length ? block : block.subarray(0, left));
  return pieces;
}

interface Answer {
  readonly status: number;
  readonly body: { readonly id: string; readonly name: string; readonly message: string };
}

/** As an MTA would, over a real socket: with a length or in chunks. An answer may come before all was sent. */
async function post(pieces: readonly Buffer[], headers: Readonly<Record<string, string>>): Promise<Answer> {
  const sending = request(`${service.url}/inbound/mime?to=a@mine.example`, {
    method: 'POST',
    headers: { authorization: `Bearer ${service.key}`, ...headers },
  });
  const answered = once(sending, 'response');
  pipeline(Readable.from(pieces), sending).catch(() => undefined);
  const [response] = (await answered) as [IncomingMessage];
  const text = (await response.toArray()).join('');
  return { status: response.statusCode ?? 0, body: JSON.parse(text) };
}

function sha256(pieces: readonly Buffer[]): string {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}

const total = (pieces: readonly Buffer[]) => pieces.reduce((sum, { length }) => sum + length, 0);

describe('a large mail over a real socket', () => {
  test.each(['a length', 'chunks'])('as large as allowed, with %s, comes back byte for byte', async (how) => {
    const pieces = mail(LIMIT);
    expect(total(pieces)).toBe(LIMIT);
    const headers = how === 'chunks' ? {} : { 'content-length': String(LIMIT) };
    const { status, body } = await post(pieces, headers);
    expect([status, body.message]).toEqual([200, undefined]);
    const read = await fetch(`${service.url}/emails/receiving/${body.id}?html_format=cid`, {
      headers: { authorization: `Bearer ${service.key}` },
    });
    const { raw } = (await read.json()) as { readonly raw: { readonly download_url: string } };
    const back = await fetch(raw.download_url);
    expect(back.headers.get('content-length')).toBe(String(LIMIT));
    expect(sha256([Buffer.from(await back.arrayBuffer())])).toBe(sha256(pieces));
  });

  test.each(['a length', 'chunks'])('threats §7 r1: one byte more, with %s, is 413', async (how) => {
    const pieces = mail(LIMIT + 1);
    const headers = how === 'chunks' ? {} : { 'content-length': String(LIMIT + 1) };
    const { status, body } = await post(pieces, headers);
    expect([status, body.name]).toEqual([413, 'validation_error']);
    expect(body.message).toContain('30 MiB');
  });
});
