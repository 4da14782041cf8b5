import { describe, expect, test } from 'vitest';
import { createEgress } from '../../src/net/create-egress.ts';
import type { EgressResult } from '../../src/net/egress.ts';
import { createWorkersDriver } from '../../src/platform/workers/egress.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { policyOf } from './judged.ts';
import { GET } from './open-egress.ts';

const DNS = 'https://dns.test/dns-query';

/** What the DNS-over-HTTPS server answers to one type of question: a body, or a status without one. */
type Told = object | number | string | null;

interface Played {
  readonly result: EgressResult;
  /** `A name` and `AAAA name`. */
  readonly questions: readonly string[];
  /** URLs that were called besides. */
  readonly calls: readonly string[];
}

async function play(
  url: string,
  told: { readonly A?: Told; readonly AAAA?: Told },
  allow = '',
): Promise<Played> {
  const questions: string[] = [];
  const calls: string[] = [];
  const driver = createWorkersDriver({
    dns: DNS,
    fetch: async (address, init) => {
      expect(init.redirect).toBe('manual');
      const asked = new URL(address);
      if (!address.startsWith(DNS)) {
        calls.push(address);
        return new Response('hello', { status: 200 });
      }
      const type = asked.searchParams.get('type') === 'A' ? 'A' : 'AAAA';
      expect(init.headers).toEqual({ accept: 'application/dns-json' });
      questions.push(`${type} ${asked.searchParams.get('name')}`);
      const answer = told[type] ?? { Status: 0 };
      if (typeof answer === 'number') return new Response('no', { status: answer });
      return new Response(typeof answer === 'string' ? answer : JSON.stringify(answer));
    },
  });
  const policy = { ...policyOf(allow), literals: false };
  const egress = createEgress({ policy, driver, after: createManualClock().after });
  const result = await egress.fetch({ ...GET, url });
  if (result.ok) result.answer.discard();
  return { result, questions: questions.toSorted(), calls };
}

const records = (...data: readonly (readonly [type: number, data: string])[]) => ({
  Status: 0,
  Answer: data.map(([type, text]) => ({ name: 'hook.example.com', type, TTL: 0, data: text })),
});

const HOOK = 'https://hook.example.com/hook';

describe('threats §5 r8, r9: on Workers a name is asked for first, and called only if all it leads to is public', () => {
  test('a public name is called by its name', async () => {
    const { result, questions, calls } = await play(HOOK, {
      A: records([5, 'alias.example.net.'], [1, '8.8.8.8'], [1, '8.8.4.4']),
      AAAA: records([28, '2606:4700::1111']),
    });
    expect(result.ok).toBe(true);
    expect(questions).toEqual(['A hook.example.com', 'AAAA hook.example.com']);
    expect(calls).toEqual([HOOK]);
  });

  test.each([
    ['an A record inside', { A: records([1, '8.8.8.8'], [1, '10.0.0.1']) }],
    ['an AAAA record inside', { A: records([1, '8.8.8.8']), AAAA: records([28, '::1']) }],
    ['a mapped address', { A: records([1, '8.8.8.8']), AAAA: records([28, '::ffff:7f00:1']) }],
    ['an alias to a private name', { A: records([5, 'db.internal.'], [1, '127.0.0.1']) }],
    ['data that is no address', { A: records([1, 'db.internal']) }],
    ['data that is nothing', { A: { Status: 0, Answer: [{ type: 1 }] } }],
  ])('%s: refused, nothing is called', async (_, told) => {
    const { result, calls } = await play(HOOK, told);
    expect(result).toEqual({ ok: false, failure: { kind: 'refused', rule: 'address', hop: 0 } });
    expect(calls).toEqual([]);
  });

  test.each<[string, { readonly A?: Told; readonly AAAA?: Told }]>([
    ['no such name', { A: { Status: 3 }, AAAA: { Status: 3 } }],
    ['no addresses', {}],
    ['aliases that lead nowhere', { A: records([5, 'alias.example.net.']) }],
    ['one question is not answered', { A: records([1, '8.8.8.8']), AAAA: 503 }],
    ['the other is not', { A: { Status: 2 }, AAAA: records([28, '2606:4700::1111']) }],
    ['no JSON', { A: records([1, '8.8.8.8']), AAAA: '<html>' }],
    ['not the JSON we know', { A: records([1, '8.8.8.8']), AAAA: '[]' }],
    ['nothing at all', { A: records([1, '8.8.8.8']), AAAA: 'null' }],
    ['answers that are no list', { A: records([1, '8.8.8.8']), AAAA: { Status: 0, Answer: 'none' } }],
    ['a list of nothing', { A: { Status: 0, Answer: [null, 1, 'x'] } }],
  ])('%s: a failure, nothing is called', async (_, told) => {
    const { result, calls } = await play(HOOK, told);
    expect(result).toEqual({ ok: false, failure: { kind: 'dns' } });
    expect(calls).toEqual([]);
  });

  test.each(['https://8.8.8.8/', 'https://[2606:4700::1111]/', 'https://0x08080808/'])(
    'an address in a URL is refused: %s',
    async (url) => {
      const { result, questions, calls } = await play(url, {});
      expect(result).toEqual({ ok: false, failure: { kind: 'refused', rule: 'literal', hop: 0 } });
      expect([...questions, ...calls]).toEqual([]);
    },
  );
});

describe('EGRESS_ALLOW on Workers', () => {
  test.each([
    ['receiver.internal', 'http://receiver.internal/'],
    ['localhost', 'http://localhost:3000/'],
    ['127.0.0.1', 'http://127.0.0.1:3000/'],
    ['127.0.0.1', 'http://localhost:3000/'],
    ['::1', 'http://hook.localhost:3000/'],
  ])('%s opens %s without a question', async (allow, url) => {
    const { result, questions, calls } = await play(url, {}, allow);
    expect(result.ok).toBe(true);
    expect(questions).toEqual([]);
    expect(calls).toEqual([url]);
  });

  test('a range that is not loopback does not open localhost', async () => {
    const { result, calls } = await play('http://localhost:3000/', {}, '10.0.0.0/8');
    expect(result).toMatchObject({ failure: { kind: 'refused', rule: 'address' } });
    expect(calls).toEqual([]);
  });
});

test('threats §5 r12: a DNS server that keeps silent does not outlive the deadline', async () => {
  const clock = createManualClock();
  let asked = (): void => undefined;
  const question = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const driver = createWorkersDriver({
    dns: DNS,
    fetch: (_, { signal }) => {
      asked();
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
  });
  const egress = createEgress({ policy: policyOf(''), driver, after: clock.after });
  const calling = egress.fetch({ ...GET, url: HOOK });
  await question;
  clock.advance(15_000);
  expect(await calling).toEqual({ ok: false, failure: { kind: 'timeout', stage: 'dns', ms: 15_000 } });
});
