import { describe, expect, test } from 'vitest';
import { toBase64 } from '../../src/secrets/base64.ts';
import { mintSecret, sign, type Verification, verify } from '../../src/secrets/signature.ts';

const text = new TextEncoder();
const SECRET = `whsec_${toBase64(text.encode('mailwright-test-key-0001'))}`;
const OTHER = `whsec_${toBase64(text.encode('mailwright-test-key-0002'))}`;
const ID = 'msg_test_0001';
const TIMESTAMP = 1767225600;
const BODY = '{"type":"email.sent","data":{"id":"1"}}';
const SIGNATURE = 'v1,nZguuqC/IFwK8XmjQ9G/qbYrq8kv6XksRXO2TzYaJqM=';

interface Call {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly secrets?: readonly string[];
  readonly now?: number;
}

const HEADERS = { 'webhook-id': ID, 'webhook-timestamp': String(TIMESTAMP), 'webhook-signature': SIGNATURE };

function verified({ headers = HEADERS, body = BODY, secrets = [SECRET], now = TIMESTAMP * 1000 }: Call) {
  return verify({ header: (name) => headers[name] ?? null, body: text.encode(body), secrets, now });
}

const refused = (why: Exclude<Verification, { ok: true }>['why']) => ({ ok: false, why });
const accepted = { ok: true, id: ID, timestamp: TIMESTAMP };

describe('a signature', () => {
  test('threats §8 r1: the test vector is what we sign, under both names, and what we verify', async () => {
    const headers = await sign({ id: ID, timestamp: TIMESTAMP, body: text.encode(BODY), secrets: [SECRET] });
    expect(headers).toEqual({
      ...HEADERS,
      'svix-id': ID,
      'svix-timestamp': String(TIMESTAMP),
      'svix-signature': SIGNATURE,
    });
    expect(await verified({})).toEqual(accepted);
    const svix = Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('svix')));
    expect(await verified({ headers: svix })).toEqual(accepted);
  });

  test('threats §8 r1: the vector printed in Standard Webhooks 1.0.0 verifies too', async () => {
    const headers = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    const secrets = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'];
    const body = '{"test": 2432232314}';
    expect(await verified({ headers, secrets, body, now: 1614265330_000 })).toMatchObject({ ok: true });
  });

  test.each([
    ['missing', undefined],
    ['empty', ''],
    ['of another length', SIGNATURE.slice(0, -4)],
    ['longer', `${SIGNATURE}AAAA`],
    ['one bit off', SIGNATURE.replace('nZ', 'nY')],
    ['with unused bits set', SIGNATURE.replace('JqM=', 'JqN=')],
    ['of unicode', 'v1,\u00ff\u{1F511}'],
    ['v0 only', SIGNATURE.replace('v1', 'v0')],
    ['v1a only', SIGNATURE.replace('v1', 'v1a')],
    ['without a version', SIGNATURE.slice(3)],
    ['parted by a comma', `${SIGNATURE},${SIGNATURE}`],
    ['with blanks inside', SIGNATURE.replace('/', '\t/')],
  ])('threats §8 r2: a signature that is %s is refused', async (_, signature) => {
    const { 'webhook-signature': _signature, ...rest } = HEADERS;
    const headers = signature === undefined ? rest : { ...rest, 'webhook-signature': signature };
    expect(await verified({ headers })).toMatchObject({ ok: false });
  });

  test.each([
    ['changed by one byte', BODY.replace('1', '2')],
    ['parsed and written again', JSON.stringify(JSON.parse(BODY), null, 1)],
    ['with a blank behind it', `${BODY} `],
    ['empty', ''],
  ])('threats §8 r3: a valid signature over a body that is %s is refused', async (_, body) => {
    expect(await verified({ body })).toEqual(refused('signature'));
  });

  test.each([
    ['301 s old', TIMESTAMP + 301, undefined],
    ['301 s ahead', TIMESTAMP - 301, undefined],
    ['missing', TIMESTAMP, ''],
    ['no number', TIMESTAMP, 'now'],
    ['a number of another spelling', TIMESTAMP, '1.7672256e9'],
    ['with a blank before it', TIMESTAMP, ` ${TIMESTAMP}`],
    ['negative', TIMESTAMP, '-1'],
  ])('threats §8 r4: a timestamp that is %s is refused', async (_, now, timestamp) => {
    const headers = timestamp === undefined ? HEADERS : { ...HEADERS, 'webhook-timestamp': timestamp };
    expect(await verified({ headers, now: now * 1000 })).toMatchObject({ ok: false });
  });

  test.each([300, -300])('threats §8 r4: %i s from our clock it is still accepted', async (seconds) => {
    expect(await verified({ now: (TIMESTAMP + seconds) * 1000 })).toEqual(accepted);
  });

  test('threats §8 r6: during a rotation any of two keys and any of several signatures passes', async () => {
    const both = await sign({
      id: ID,
      timestamp: TIMESTAMP,
      body: text.encode(BODY),
      secrets: [OTHER, SECRET],
    });
    expect(both['webhook-signature']).toMatch(/^v1,\S{44} v1,\S{44}$/);
    expect(both['webhook-signature']?.split(' ')[1]).toBe(SIGNATURE);
    for (const secrets of [[SECRET], [OTHER], [SECRET, OTHER]]) {
      expect(await verified({ headers: both, secrets })).toEqual(accepted);
    }
    expect(await verified({ secrets: [OTHER, SECRET] })).toEqual(accepted);
  });

  test('threats §8 r7: of a list of a thousand signatures ten are looked at', async () => {
    const wrong = `v1,${'A'.repeat(43)}=`;
    const list = (before: number): string => [...Array(before).fill(wrong), SIGNATURE].join(' ');
    const given = (signature: string) =>
      verified({ headers: { ...HEADERS, 'webhook-signature': signature } });
    expect(await given(list(9))).toEqual(accepted);
    expect(await given(list(10))).toEqual(refused('signature'));
    expect(await given(list(1_000))).toEqual(refused('signature'));
    expect(await given(`${'x'.repeat(100_000)} ${SIGNATURE}`)).toEqual(refused('signature'));
  });

  test('threats §8 r8: an id with a dot is neither signed nor accepted, so nothing moves between the parts', async () => {
    const body = text.encode('1.x');
    await expect(sign({ id: 'msg_1.1', timestamp: 1, body, secrets: [SECRET] })).rejects.toThrow(RangeError);
    expect(await verified({ headers: { ...HEADERS, 'webhook-id': 'msg.1' } })).toEqual(refused('headers'));
    const dotted = await sign({ id: ID, timestamp: TIMESTAMP, body, secrets: [SECRET] });
    expect(await verified({ headers: { ...dotted }, body: '1.x' })).toEqual(accepted);
  });

  test('threats §8 r9: without a key nothing is accepted, and it is told apart from a wrong signature', async () => {
    expect(await verified({ secrets: [] })).toEqual(refused('no_key'));
    expect(await verified({ secrets: ['whsec_'] })).toEqual(refused('signature'));
    expect(await verified({ secrets: ['no base64!'] })).toEqual(refused('signature'));
  });

  test('a new secret is 32 random bytes in the form of the standard', () => {
    const secret = mintSecret((size) => new Uint8Array(size).fill(7));
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  });
});
