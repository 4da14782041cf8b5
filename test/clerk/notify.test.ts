import { Resend } from 'resend';
import { Webhook as Standard } from 'standardwebhooks';
import { Webhook as Svix } from 'svix';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { notify } from '../../src/clerk/notify.ts';
import { retryAfterMs } from '../../src/clerk/retry-after.ts';
import type { DeliveryAnswer, DeliveryClaim } from '../../src/mailroom/webhook-records.ts';
import { openEgress } from '../net/open-egress.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { type SeenRequest, startWebStub, type WebStub } from '../support/web-stub.ts';
import { claimFor, newSecret, openLog, sealer } from './calls.ts';

let stub: WebStub;

beforeAll(async () => {
  stub = await startWebStub();
});
afterAll(() => stub.close());

const clock = createManualClock(Date.now());
const egress = openEgress({ allow: '127.0.0.0/8', after: clock.after });
const calm = new AbortController().signal;

interface Called {
  readonly answer: DeliveryAnswer;
  readonly request: SeenRequest | undefined;
  readonly secret: string;
  readonly claim: DeliveryClaim;
}

async function call(path: string, secrets: readonly string[] = [newSecret()]): Promise<Called> {
  const claim = await claimFor(`${stub.origin}${path}`, secrets);
  const before = stub.requests.length;
  const { log } = openLog();
  const answer = await notify(claim, { egress, sealer, host: { now: clock.now, log } }, calm);
  return { answer, request: stub.requests[before], secret: secrets[0] ?? '', claim };
}

/** What the published libraries say of a request; each throws when it does not believe it. */
function believed(secret: string, { headers, body }: SeenRequest): readonly unknown[] {
  const { 'svix-id': id = '', 'svix-timestamp': timestamp = '', 'svix-signature': signature = '' } = headers;
  return [
    new Svix(secret).verify(body, headers),
    new Standard(secret).verify(body, headers),
    new Resend('re_x').webhooks.verify({
      payload: body,
      headers: { id, timestamp, signature },
      webhookSecret: secret,
    }),
  ];
}

describe('a call to a webhook', () => {
  it('posts the exact bytes, as JSON, under both families of headers', async () => {
    const { answer, request, claim } = await call('/status/200');
    expect(answer).toEqual({ kind: 'answered', status: 200, response: 'status 200', retryAfterMs: null });
    expect(request).toMatchObject({ method: 'POST', body: claim.payload });
    const headers: Readonly<Record<string, string>> = request?.headers ?? {};
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': claim.eventId,
      'webhook-timestamp': String(Math.floor(clock.now() / 1000)),
    });
    for (const name of ['id', 'timestamp', 'signature']) {
      expect(headers[`svix-${name}`]).toBe(headers[`webhook-${name}`]);
    }
  });

  it('is believed by every published verifier, with the old and with the new secret while they are rotated', async () => {
    const [fresh, old] = [newSecret(), newSecret()];
    const { request, claim } = await call('/status/200', [fresh, old]);
    if (request === undefined) throw new Error('Nothing came');
    for (const secret of [fresh, old]) {
      expect(believed(secret, request).slice(1)).toEqual(Array(2).fill(JSON.parse(claim.payload)));
    }
    expect(() => believed(newSecret(), request)).toThrow();
    expect(() => believed(fresh, { ...request, body: `${request.body} ` })).toThrow();
  });

  it('a redirect is an answer like any other and is not followed', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      const { answer } = await call(
        `/redirect/${status}?to=${encodeURIComponent(`${stub.origin}/status/200`)}`,
      );
      expect(answer).toMatchObject({ kind: 'answered', status });
    }
    expect(stub.requests.filter(({ path, method }) => path === '/status/200' && method === 'GET')).toEqual(
      [],
    );
  });

  it.each([
    ['/reset/', 0],
    ['/garbage/', 0],
    ['/short/', 200],
  ])('%s: a broken answer is told in a sentence that gives nothing away', async (path, status) => {
    const { answer } = await call(path);
    expect(answer).toMatchObject({ kind: 'broken', status });
    expect(answer.kind === 'broken' ? answer.response : '').toMatch(
      /^The host gave no complete HTTPS answer in time\.$/,
    );
  });

  it('a closed port, and an address that may not be called, are told the same way', async () => {
    const claim = await claimFor('http://127.0.0.1:9/', [newSecret()]);
    const host = { now: clock.now, log: openLog().log };
    const refused = await notify({ ...claim, endpoint: 'https://10.0.0.1/' }, { egress, sealer, host }, calm);
    expect(refused).toEqual({
      kind: 'broken',
      status: 0,
      response: 'The host does not lead to a public address.',
    });
    const other = await startWebStub();
    await other.close();
    const closed = await notify({ ...claim, endpoint: `${other.origin}/` }, { egress, sealer, host }, calm);
    expect(closed).toMatchObject({ kind: 'broken', status: 0 });
  });

  it.each(['/silent/', '/drip/'])('%s: a receiver that keeps us waiting is left after 15 s', async (path) => {
    const began = clock.now();
    const running = call(path);
    let isOver = false;
    void running.then(() => {
      isOver = true;
    });
    await stub.seen(path);
    while (!isOver && clock.now() < began + 14_000) {
      clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(isOver).toBe(false);
    clock.advance(1_000);
    expect((await running).answer).toMatchObject({ kind: 'broken' });
    await stub.quiet();
  });

  it('of an endless answer 64 KB are read and 1 KB is kept', async () => {
    const { answer } = await call('/endless/');
    expect(answer).toMatchObject({ kind: 'answered', status: 200, response: 'x'.repeat(1_024) });
    await stub.quiet();
  });

  it('a call that is broken off by us is withdrawn', async () => {
    const control = new AbortController();
    const claim = await claimFor(`${stub.origin}/silent/stop`, [newSecret()]);
    const host = { now: clock.now, log: openLog().log };
    const running = notify(claim, { egress, sealer, host }, control.signal);
    await stub.seen('/silent/stop');
    control.abort();
    expect(await running).toEqual({ kind: 'withdrawn' });
  });

  it('without a secret that can be read nothing is sent, and the operator is told', async () => {
    const claim = { ...(await claimFor(`${stub.origin}/status/200`, [])), sealedSecrets: ['v1.x.y'] };
    const { lines, log } = openLog();
    const before = stub.requests.length;
    const answer = await notify(claim, { egress, sealer, host: { now: clock.now, log } }, calm);
    expect(answer).toMatchObject({ kind: 'broken', status: 0 });
    expect(stub.requests).toHaveLength(before);
    expect(lines).toMatchObject([
      { level: 'error', event: 'webhook_secret_unreadable', webhook: claim.webhookId },
    ]);
  });

  it('a mistake of ours is an answer too, and not the end of the loop', async () => {
    const claim = await claimFor(`${stub.origin}/status/200`, [newSecret()], { eventId: 'no.id' });
    const { lines, log } = openLog();
    const answer = await notify(claim, { egress, sealer, host: { now: clock.now, log } }, calm);
    expect(answer).toMatchObject({ kind: 'broken', status: 0 });
    expect(lines).toMatchObject([{ level: 'error', event: 'webhook_call_crashed' }]);
  });

  it('threats §8 r11: the signing key is in no header, no answer and no line of the log', async () => {
    const secret = newSecret();
    const bytes = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const spellings = [
      secret,
      secret.slice(6),
      bytes.toString('base64url'),
      bytes.toString('hex'),
      bytes.toString('latin1'),
    ];
    const { lines, log } = openLog();
    const host = { now: clock.now, log };
    const before = stub.requests.length;
    const answers: DeliveryAnswer[] = [];
    for (const path of ['/status/200', '/status/500', '/reset/']) {
      const claim = await claimFor(`${stub.origin}${path}`, [secret]);
      answers.push(await notify(claim, { egress, sealer, host }, calm));
      answers.push(await notify({ ...claim, eventId: 'no.id' }, { egress, sealer, host }, calm));
      answers.push(await notify({ ...claim, webhookId: 'other' }, { egress, sealer, host }, calm));
    }
    const seen = stub.requests.slice(before);
    expect(seen).toHaveLength(3);
    expect(lines).toHaveLength(6);
    const everything = JSON.stringify({ answers, lines, seen });
    for (const spelling of spellings) expect(everything).not.toContain(spelling);
  });
});

describe('Retry-After', () => {
  const now = Date.UTC(2026, 0, 1, 12);
  it.each([
    ['0', 0],
    ['120', 120_000],
    [' 120 ', 120_000],
    ['Thu, 01 Jan 2026 12:01:00 GMT', 60_000],
    ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
  ])('%j is heard', (text, ms) => {
    expect(retryAfterMs(text, now)).toBe(ms);
  });

  it.each([
    undefined,
    '',
    '-1',
    '1.5',
    '1e3',
    '9'.repeat(301),
    'soon',
    'Thu, 99 Jan 2026 12:01:00 GMT',
    '2026-01-01T12:01:00Z',
    '120, 60',
  ])('%j says nothing', (text) => {
    expect(retryAfterMs(text, now)).toBeNull();
  });
});
