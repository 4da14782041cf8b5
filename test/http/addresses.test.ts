import { describe, expect, test } from 'vitest';
import { expectProportional } from '../support/growth.ts';
import { house, mail } from './house.ts';

/** What the mail that is accepted for this recipient is sent to. */
async function envelopeOf(to: unknown) {
  const it = house();
  const { status, body } = await it.call('POST', '/emails', { body: mail({ to }) });
  expect(status, JSON.stringify(body)).toBe(200);
  const { body: email } = await it.call('GET', `/emails/${body.id}`);
  const { bytes } = await it.call('GET', `/emails/${body.id}/raw`);
  const addresses = email.recipients.map(({ recipient }: { recipient: string }) => recipient);
  return { email, addresses, mime: new TextDecoder('latin1').decode(bytes) };
}

async function refusedTo(to: string) {
  const it = house();
  const { status, body } = await it.call('POST', '/emails', { body: mail({ to: [to] }) });
  expect(status, to).toBe(422);
  expect(body).toMatchObject({ name: 'validation_error', field: 'to[0]' });
  expect(body.message).toMatch(/^Invalid `to\[0\]` field\. The email address needs to follow/);
  expect((await it.call('GET', '/emails')).body.data).toEqual([]);
}

describe('threats §3 r1, r2, r4, r7, r8, r9, r11, r14, r16: what is not exactly one address is refused', () => {
  test.each([
    'a@b.example>\r\nRCPT TO:<x@y.example>',
    'a@b.example> NOTIFY=NEVER',
    'a@b.example SIZE=1',
    '<>',
    '',
    'root',
    'a@b@c.example',
    '<a@b.example>junk',
    'mailto:a@b.example',
    'a b@c.example',
    'x@a.example,y@b.example',
    'x@a.example;y@b.example',
    'g:a@x.example,b@y.example;',
    '@r1,@r2:a@b.example',
    'user@good.example(x)evil.example',
    'a@evil.example(b@good.example)',
    'Name <user@example.com(x)evil.example>',
    '"user"@example.com(x)evil.example',
    'user@victim.example .allowed.example',
    'user@victim.example. allowed.example',
    'a@[127.0.0.1]',
    'a@[IPv6:::1]',
    'a@127.0.0.1',
    'a@localhost',
    'a@b..example',
    '.a@b.example',
    'a..b@b.example',
    'a@-b.example',
    `a@${'b'.repeat(64)}.example`,
    `${'a'.repeat(65)}@b.example`,
    `${'a'.repeat(64)}@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}.example`,
    'a@\u24d4xample.com',
    'a@example\u3002com',
    'a@exa\u00admple.com',
    'a@exa\u200bmple.com',
    'a@exa\u202emple.com',
    'a@xn--a.example',
    'a@xn--999999b.example',
  ])('%j', async (to) => {
    await refusedTo(to);
  });
});

describe('threats §3 r3: a comma in a name splits nothing', () => {
  test.each([
    ['Doe, John <a@b.example>', '"Doe, John" <a@b.example>'],
    ['evil@x.example, John <a@b.example>', '"evil@x.example, John" <a@b.example>'],
  ])('%s', async (to, written) => {
    const { addresses, email, mime } = await envelopeOf([to]);
    expect(addresses).toEqual(['a@b.example']);
    expect(email.to).toEqual([to]);
    expect(mime).toContain(`\r\nTo: ${written}\r\n`);
  });
});

describe('threats §3 r5, r6: quoted local parts never send to somebody else', () => {
  test.each(['"attacker@evil.example x"@internal.example', '"a b"@good.example', '"a"@good.example'])(
    '%s is refused',
    async (to) => {
      await refusedTo(to);
    },
  );
});

describe('threats §3 r10, r12: odd local parts are data', () => {
  test.each(['-oQ/var/q@x.example', '|/bin/sh@x.example', 'a%b@c.example', 'a!b@c.example', "o'b@c.example"])(
    '%s',
    async (to) => {
      expect((await envelopeOf([to])).addresses).toEqual([to]);
    },
  );
});

describe('threats §3 r13, r15, r17: one spelling of a domain is stored, checked and sent', () => {
  test.each([
    ['a@EXAMPLE.com', 'a@example.com'],
    ['a@ex\u0430mple.com', 'a@xn--exmple-4nf.com'],
    ['a@b\u00fccher.example', 'a@xn--bcher-kva.example'],
    ['a@bu\u0308cher.example', 'a@xn--bcher-kva.example'],
    ['\uae40 <a@\ud55c\uad6d.example>', 'a@xn--3e0b707e.example'],
  ])('%s', async (to, address) => {
    expect((await envelopeOf([to])).addresses).toEqual([address]);
  });

  test('a trailing dot passes no suppression', async () => {
    const it = house();
    await it.call('POST', '/suppressions', { body: { email: 'a@example.com' } });
    const { status, body } = await it.call('POST', '/emails', { body: mail({ to: 'a@EXAMPLE.com.' }) });
    if (status === 422) return;
    const { body: email } = await it.call('GET', `/emails/${body.id}`);
    expect(email.recipients).toMatchObject([{ recipient: 'a@example.com', state: 'suppressed' }]);
  });

  test('both forms of a letter are one suppression', async () => {
    const it = house();
    const first = await it.call('POST', '/suppressions', { body: { email: 'a@b\u00fccher.example' } });
    const second = await it.call('POST', '/suppressions', { body: { email: 'A@bu\u0308cher.example' } });
    expect(second.body.id).toBe(first.body.id);
    const { body } = await it.call('POST', '/emails', { body: mail({ to: 'a@xn--bcher-kva.example' }) });
    expect((await it.call('GET', `/emails/${body.id}`)).body.last_event).toBe('suppressed');
  });
});

test('threats §3 r18: a non-ASCII local part is accepted, kept as it is and said in a dry run', async () => {
  const { addresses } = await envelopeOf(['\uac00@b.example']);
  expect(addresses).toEqual(['\uac00@b.example']);
  const it = house();
  const { body } = await it.call('POST', '/emails', {
    body: mail({ to: '\uac00@b.example', dry_run: true }),
  });
  expect(body.lint).toContainEqual(expect.objectContaining({ code: 'needs_smtputf8', field: 'to' }));
});

describe('threats §3 r21: counts', () => {
  const people = (count: number) => Array.from({ length: count }, (_, index) => `p${index}@b.example`);

  test('50 recipients in each field are accepted, 51 are not', async () => {
    const it = house();
    const full = { to: people(50), cc: people(50), bcc: people(50), reply_to: people(50) };
    expect((await it.call('POST', '/emails', { body: mail(full) })).status).toBe(200);
    for (const field of ['to', 'cc', 'bcc', 'reply_to']) {
      const refused = await it.call('POST', '/emails', { body: mail({ [field]: people(51) }) });
      expect(refused.body).toMatchObject({ statusCode: 422, name: 'validation_error', field });
    }
  });

  test('a hundred thousand in one string cost nothing', async () => {
    const it = house();
    await expectProportional(100_000, async (count) => {
      const { status } = await it.call('POST', '/emails', {
        body: mail({ to: 'a@b.example,'.repeat(count) }),
      });
      expect(status).toBe(422);
    });
  });
});

test('an address is in the envelope once, however often it is given', async () => {
  const it = house();
  const body = mail({
    to: ['Ada <ada@B.example>', 'ada@b.example'],
    cc: 'ada@b.example',
    bcc: ['Ada L. <ada@b.example>', 'bob@b.example'],
  });
  const { body: sent } = await it.call('POST', '/emails', { body });
  const { body: email } = await it.call('GET', `/emails/${sent.id}`);
  expect(email.recipients).toMatchObject([{ recipient: 'ada@b.example' }, { recipient: 'bob@b.example' }]);
  expect(email).toMatchObject({ to: ['Ada <ada@B.example>', 'ada@b.example'], cc: ['ada@b.example'] });
});

test('addresses are echoed as they were given, trimmed; all but from as lists', async () => {
  const it = house();
  const body = mail({
    from: '  Mine  <hello@MINE.example> ',
    to: ' a@B.example ',
    cc: 'c@d.example',
    reply_to: 'R <r@s.example>',
  });
  const { body: sent } = await it.call('POST', '/emails', { body });
  expect((await it.call('GET', `/emails/${sent.id}`)).body).toMatchObject({
    from: 'Mine  <hello@MINE.example>',
    to: ['a@B.example'],
    cc: ['c@d.example'],
    bcc: null,
    reply_to: ['R <r@s.example>'],
  });
});

describe('threats §9 r8: senders of domains that are not ours are 403', () => {
  test.each([
    'a@foreign.example',
    'a@mine.example.foreign.example',
    'a@sub.mine.example',
    'a@xmine.example',
    'a@mine.examp1e',
    'a@\u043cine.example',
    'a@mine.example <a@foreign.example>',
    '"a@mine.example" <x@foreign.example>',
    'onboarding@foreign.example',
    'onboarding@resend.dev',
    'onboarding@simulated.example',
  ])('%s', async (from) => {
    const it = house();
    const { status, body } = await it.call('POST', '/emails', { body: mail({ from }) });
    expect(status).toBe(403);
    expect(body).toMatchObject({ name: 'validation_error', field: 'from' });
    expect(body.message).toMatch(
      /^The `[^`]+` domain is not verified\. Please, add and verify your domain\.$/,
    );
    expect(it.woken).toEqual([]);
  });

  test('without DOMAINS any sender is accepted, but for the one of the simulated domain', async () => {
    const it = house({ domains: null });
    expect((await it.call('POST', '/emails', { body: mail({ from: 'a@foreign.example' }) })).status).toBe(
      200,
    );
    expect((await it.call('POST', '/emails', { body: mail({ from: 'onboarding@resend.dev' }) })).status).toBe(
      403,
    );
  });
});

describe('threats §10 r9: simulated addresses', () => {
  test.each([
    ['delivered@resend.dev'],
    ['bounced@resend.dev'],
    ['complained@resend.dev'],
    ['suppressed@resend.dev'],
    ['delivered+label@resend.dev'],
    ['Bounced+a+b@RESEND.dev'],
    ['delivered@simulated.example'],
  ])('%s is bound to no relay, so that none will ever see it', async (to) => {
    const it = house();
    for (const from of ['onboarding@resend.dev', 'Acme <onboarding@resend.dev>', 'hello@mine.example']) {
      const { status } = await it.call('POST', '/emails', { body: mail({ from, to }) });
      expect(status).toBe(200);
    }
    const claim = (relay: string) =>
      it.room().claim({ now: it.now, relay, unbound: true, insteadOf: [], limit: 10, leaseMs: 1000 });
    expect(claim('main')).toEqual([]);
    expect(claim('simulated')).toHaveLength(3);
  });

  test.each([
    'other@resend.dev',
    'delivered@x.resend.dev',
    'delivered@resend.dev.example',
    'deliveredx@resend.dev',
  ])('%s is somebody', async (to) => {
    const it = house();
    await it.call('POST', '/emails', { body: mail({ to }) });
    const claimed = it
      .room()
      .claim({ now: it.now, relay: 'main', unbound: true, insteadOf: [], limit: 10, leaseMs: 1000 });
    expect(claimed).toHaveLength(1);
  });

  test.each([
    [{ to: ['delivered@resend.dev', 'ada@people.example'] }],
    [{ to: 'delivered@resend.dev', cc: 'ada@people.example' }],
    [{ to: 'delivered@resend.dev', bcc: 'ada@people.example' }],
    [{ to: 'other@resend.dev' }],
  ])('their sender may not write to people: %j', async (over) => {
    const it = house();
    const { status, body } = await it.call('POST', '/emails', {
      body: mail({ from: 'onboarding@resend.dev', ...over }),
    });
    expect(status).toBe(403);
    expect(body.message).toContain('`resend.dev`');
  });

  test('simulated and real recipients may be mixed in a mail of our own', async () => {
    const it = house();
    const { body } = await it.call('POST', '/emails', {
      body: mail({ to: ['bounced@resend.dev', 'ada@people.example'] }),
    });
    expect((await it.call('GET', `/emails/${body.id}`)).body.recipients).toHaveLength(2);
  });
});
