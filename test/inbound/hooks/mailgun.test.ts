import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../../schemas/error.ts';
import { EIGHT_BIT_MAIL, mailgunFields, multipart, NOW, SIGNING_KEY, TOKEN, urlencoded } from './payloads.ts';
import { hookStage, statusOf } from './stage.ts';

const SECONDS = NOW / 1000;

describe.each([
  ['urlencoded', urlencoded],
  ['multipart', multipart],
] as const)('a raw form of Mailgun, %s', (_, print) => {
  it('becomes a delivery: the exact bytes, the envelope of the form, the token as its id', async () => {
    const stage = hookStage();
    const answer = await stage.post('mailgun', print(mailgunFields(EIGHT_BIT_MAIL)));
    expect(answer).toEqual({ status: 200, body: { object: 'email', id: 'mail-1', duplicate: false } });
    expect(stage.taken).toEqual([
      {
        account: 'default',
        source: 'mailgun',
        envelopeFrom: 'bounces+7@sender.example',
        envelopeTo: ['desk@shop.example'],
        deliveryId: TOKEN,
        peer: null,
        raw: EIGHT_BIT_MAIL,
      },
    ]);
  });

  it('threats §8 r3: is not taken when time, token or signature were changed', async () => {
    const right = createHmac('sha256', SIGNING_KEY)
      .update(SECONDS + TOKEN)
      .digest('hex');
    const forgeries = [
      { signature: right.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) },
      { token: `${TOKEN}x`, signature: right },
      { timestamp: String(SECONDS + 1), signature: right },
      {
        signature: createHmac('sha256', 'another key')
          .update(SECONDS + TOKEN)
          .digest('hex'),
      },
      // The digit between the two, moved: the same bytes are signed.
      { timestamp: String(SECONDS).slice(0, -1), token: `0${TOKEN}`, signature: right },
    ];
    for (const forged of forgeries) {
      const stage = hookStage();
      const answer = await stage.post('mailgun', print(mailgunFields(EIGHT_BIT_MAIL, forged)));
      expect([statusOf(answer, ERRORS), stage.taken.length], JSON.stringify(forged)).toEqual([401, 0]);
    }
  });
});

const post = (
  changed: Readonly<Record<string, string>>,
  settings: Parameters<typeof hookStage>[0] = {},
  raw: Uint8Array = EIGHT_BIT_MAIL,
) => {
  const stage = hookStage(settings);
  const answer = stage.post('mailgun', urlencoded(mailgunFields(raw, changed)));
  return answer.then((said) => ({ status: statusOf(said, ERRORS), answer: said, taken: stage.taken }));
};

it.each([
  ['missing', ''],
  ['too short', 'ab'],
  ['of another length', 'a'.repeat(128)],
  ['no hex', 'ä'.repeat(64)],
  ['of another kind', 'v1,nZguuqC/IFwK8XmjQ9G/qbYrq8kv6XksRXO2TzYaJqM='],
])('threats §8 r2: a signature that is %s is 401, and nothing is stored', async (_, signature) => {
  expect(await post({ signature })).toMatchObject({ status: 401, taken: [] });
});

it.each([
  [String(SECONDS - 301), 401],
  [String(SECONDS + 301), 401],
  ['', 401],
  ['soon', 401],
  ['1e9', 401],
  [`-${SECONDS}`, 401],
  [String(SECONDS - 299), 200],
  [String(SECONDS + 299), 200],
])('threats §8 r4: a call of the time %j is %i', async (timestamp, status) => {
  expect((await post({ timestamp })).status).toBe(status);
});

it('threats §8 r9: without a key nothing is taken, and the answer says which setting is missing', async () => {
  const { status, answer, taken } = await post({}, { settings: { mailgunSigningKey: null } });
  expect([status, taken]).toEqual([503, []]);
  expect(JSON.stringify(answer)).toContain('MAILGUN_SIGNING_KEY');
});

it('threats §13 r1: the operator is told why nothing was taken, in words of ours alone', async () => {
  const stage = hookStage();
  await stage.post('mailgun', urlencoded(mailgunFields(EIGHT_BIT_MAIL, { signature: 'canary' })));
  expect(stage.log).toEqual([
    { level: 'warn', event: 'hook_without_mail', account: 'default', source: 'mailgun', what: 'unproved' },
  ]);
});

it('threats §8 r11: the signing key stands in no answer', async () => {
  for (const changed of [{ signature: 'x' }, { timestamp: '1' }, { 'body-mime': '' }, { recipient: '' }])
    expect(JSON.stringify((await post(changed)).answer)).not.toContain(SIGNING_KEY);
});

it('a parsed form, as it is posted to a URL that does not end in mime, is refused so that it comes again', async () => {
  const fields = mailgunFields(EIGHT_BIT_MAIL).filter(([name]) => name !== 'body-mime');
  const stage = hookStage();
  const answer = await stage.post('mailgun', multipart([...fields, ['body-plain', 'hello']]));
  expect(answer).toMatchObject({
    refusal: { code: 'validation_error', message: expect.stringMatching(/mime/) },
  });
  expect(stage.taken).toEqual([]);
});

it('a header of the mail that is called like a field changes neither the envelope nor the proof', async () => {
  const [recipient, sender, ...rest] = mailgunFields(EIGHT_BIT_MAIL);
  const strange = ['recipient', 'sender', 'timestamp', 'token', 'signature'].map(
    (name) => [name, 'ceo@bank.example'] as const,
  );
  const fields = [...[recipient, sender].filter((field) => field !== undefined), ...strange, ...rest];
  const stage = hookStage();
  await stage.post('mailgun', urlencoded(fields));
  expect(stage.taken).toMatchObject([
    { envelopeTo: ['desk@shop.example'], envelopeFrom: 'bounces+7@sender.example' },
  ]);
});

it.each([
  ['desk@shop.example, "a,b"@shop.example', ['desk@shop.example', '"a,b"@shop.example']],
  ['<desk@shop.example>', ['desk@shop.example']],
])('the recipients %s are %j', async (recipient, expected) => {
  expect((await post({ recipient })).taken).toMatchObject([{ envelopeTo: expected }]);
});

it('the null sender is the null sender, and a ticket for one address is for that address alone', async () => {
  expect((await post({ sender: '' })).taken).toMatchObject([{ envelopeFrom: '' }]);
  const stage = hookStage();
  const body = urlencoded(mailgunFields(EIGHT_BIT_MAIL));
  await stage.post('mailgun', body, { to: 'sales@shop.example' });
  expect(stage.taken).toMatchObject([{ envelopeTo: ['sales@shop.example'] }]);
});

describe('what makes Mailgun stop, and what makes it come again', () => {
  const refusal = { code: 'unavailable', message: 'later' } as const;
  it.each([
    ['kept', { kind: 'kept', id: 'x', duplicate: true }, 200],
    ['dropped by a route', { kind: 'dropped' }, 200],
    ['refused for good', { kind: 'refused', reason: 'route', message: 'no' }, 406],
    ['not possible now', { kind: 'unavailable', refusal }, 503],
  ] as const)('%s: %o is %i', async (_, says, status) => {
    expect((await post({}, { says })).status).toBe(status);
  });

  it('a mail over the limit: 406, and it is not held', async () => {
    const stage = await post({}, { settings: { maxBytes: 1_000 } }, Buffer.alloc(1_001, 'x'));
    expect(stage).toMatchObject({ status: 406, taken: [] });
    expect(await post({}, { settings: { maxBytes: 1_000 } }, Buffer.alloc(1_000, 'x'))).toMatchObject({
      status: 200,
    });
  });

  it('a body that is no form: 422', async () => {
    const stage = hookStage();
    const body = { contentType: 'application/json', bytes: Buffer.from('{}') };
    expect(statusOf(await stage.post('mailgun', body), ERRORS)).toBe(422);
  });
});
