import { expect, test } from 'vitest';
import type { Delivery } from '../../src/inbound/receive.ts';
import { openCircle } from '../../src/platform/dev/circle.ts';

interface Asked {
  readonly url: URL;
  readonly body: string;
}

function circle(answers: Readonly<Record<string, Response | Error>>, maxBytes = 1_000) {
  const asked: Asked[] = [];
  const opened = openCircle({
    url: 'http://127.0.0.1:3025',
    receivingDomains: ['here.example'],
    returnPathDomain: 'bounces.example',
    maxBytes,
    async fetch(url, { body }) {
      asked.push({ url, body: Buffer.from(body as Uint8Array).toString() });
      const answer = answers[url.searchParams.get('to') ?? ''] ?? new Response('well');
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  return { ...opened, asked };
}

function delivery(envelopeTo: readonly string[], envelopeFrom = 'me@mine.example'): Delivery {
  const facts = { account: '', source: 'smtp', peer: null, deliveryId: null } as const;
  async function* raw(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('Subject: x\r\n');
    yield Buffer.from('\r\nHello\r\n');
  }
  return { ...facts, envelopeFrom, envelopeTo, raw: raw() };
}

const rejected = (reason: string) =>
  new Response(`Worker rejected email with the following reason: ${reason}`, { status: 400 });

test('each recipient is one call with the whole mail, whatever stands in the addresses', async () => {
  const { receive, asked } = circle({});
  const to = ['a+b&to=c@here.example', 'ä#@here.example'];
  expect(await receive(delivery(to, ''))).toEqual({ kind: 'dropped' });
  expect(asked.map(({ url }) => [url.pathname, ...url.searchParams])).toEqual(
    to.map((one) => ['/cdn-cgi/handler/email', ['from', '<>'], ['to', one]]),
  );
  expect(asked.map(({ body }) => body)).toEqual(Array(2).fill('Subject: x\r\n\r\nHello\r\n'));
});

test.each([
  ['a Worker that fails', { 'b@here.example': new Response('no', { status: 500 }) }],
  ['a Worker that is away', { 'b@here.example': new TypeError('fetch failed') }],
])('%s is told so that the relay tries again, also when another recipient has it', async (_, answers) => {
  const { receive, asked } = circle(answers);
  expect(await receive(delivery(['a@here.example', 'b@here.example', 'c@here.example']))).toMatchObject({
    kind: 'unavailable',
  });
  expect(asked).toHaveLength(3);
});

test('what a route rejects is refused, unless somebody else has it', async () => {
  const refused = { kind: 'refused', reason: 'route', message: 'Gone\nfor good' };
  expect(
    await circle({ 'a@here.example': rejected('Gone\nfor good') }).receive(delivery(['a@here.example'])),
  ).toEqual(refused);
  expect(
    await circle({ 'a@here.example': rejected('Gone') }).receive(
      delivery(['a@here.example', 'b@here.example']),
    ),
  ).toEqual({ kind: 'dropped' });
});

test('what the handler itself cannot read, or is too large, is caught and no more', async () => {
  const unread = new Response('Email could not be parsed: no message id', { status: 400 });
  expect(await circle({ 'a@here.example': unread }).receive(delivery(['a@here.example']))).toEqual({
    kind: 'dropped',
  });
  const small = circle({}, 10);
  expect(await small.receive(delivery(['a@here.example']))).toMatchObject({
    kind: 'refused',
    reason: 'size',
  });
  expect(small.asked).toEqual([]);
});

test.each([
  ['a@here.example', null],
  ['a@HERE.example', null],
  ['default.x@bounces.example', null],
  ['a@else.example', 'domain'],
  ['nobody', 'domain'],
])('whether mail for %s comes back is known before it is handed over', async (address, reason) => {
  const verdict = await circle({}).judge({ account: '', address });
  expect(verdict?.kind === 'refused' ? verdict.reason : verdict).toBe(reason);
});
