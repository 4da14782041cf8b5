import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { filesOf } from '../../src/clerk/files.ts';
import { messageOf } from '../../src/clerk/prepare.ts';
import { type ForwardCall, forwarded } from '../../src/inbound/forward.ts';
import { createReceive } from '../../src/inbound/funnel.ts';
import { createJudge } from '../../src/inbound/judge.ts';
import { createLoopTokens } from '../../src/inbound/loop-token.ts';
import type { ReadMail } from '../../src/mailroom/arrival-records.ts';
import type { EmailRecord, NewEmail } from '../../src/mailroom/records.ts';
import { compose } from '../../src/mime/compose.ts';
import { sha256Hasher } from '../../src/platform/node/hasher.ts';
import { newId } from '../../src/platform/node/ids.ts';
import { type NodePlace, nodePlace, READ_SETTINGS } from '../support/inbound-place.ts';

const MAIL: ReadMail = {
  parse: 'full',
  head: {
    from: [{ name: 'Ann', address: 'ann@else.example' }],
    to: [],
    cc: [],
    bcc: [],
    replyTo: [],
    subject: 'Hello',
    messageId: '<one@else.example>',
    inReplyTo: '<zero@else.example>',
    references: ['<zero@else.example>'],
    date: null,
    headers: [],
  },
  content: { kind: 'inline', html: null, text: 'Hello' },
  attachments: [],
  strippedText: null,
  authentication: { spf: null, dkim: null, dmarc: null, source: 'none' },
  auto: { reply: false, bounce: false, list: false },
  report: { kind: 'not_a_report' },
  token: null,
};

type Change = Omit<Partial<ForwardCall>, 'mail' | 'claim'> & {
  readonly mail?: Partial<ReadMail>;
  readonly head?: Partial<ReadMail['head']>;
  readonly claim?: Partial<ForwardCall['claim']>;
};

function forward({ mail = {}, head = {}, claim = {}, ...change }: Change = {}): NewEmail {
  return forwarded({
    claim: {
      envelopeFrom: 'ann@else.example',
      envelopeTo: ['me@mine.example'],
      rawKey: 't/default/raw',
      rawSize: 10,
      rawSha256: 'a'.repeat(64),
      ...claim,
    },
    mail: { ...MAIL, ...mail, head: { ...MAIL.head, ...head } },
    to: 'away@there.example',
    hops: [],
    token: 'token',
    domains: ['mine.example', 'second.example'],
    newId,
    boundary: randomBytes(16).toString('hex'),
    ...change,
  });
}

/** As the clerk sees it. */
function recordOf(email: NewEmail): EmailRecord {
  return { ...email, createdAt: 0, date: 0, lastEvent: 'queued', recipients: [], composed: null };
}

describe('a mail that is passed on', () => {
  it('shows a name with an address in it as a name, where the API and events tell of it', () => {
    const name = 'Boss <boss@corp.example>, x';
    const { from, replyTo } = forward({ head: { from: [{ name, address: 'ann@else.example' }] } });
    expect(from.given).toBe('"Boss <boss@corp.example>, x via me@mine.example" <me@mine.example>');
    expect(replyTo?.map(({ given }) => given)).toEqual(['"Boss <boss@corp.example>, x" <ann@else.example>']);
  });

  it('is ours, in the name of its author, in his thread', () => {
    expect(forward()).toMatchObject({
      from: { name: 'Ann via me@mine.example', address: 'me@mine.example' },
      sender: 'me@mine.example',
      fromDomain: 'mine.example',
      replyTo: [{ name: 'Ann', address: 'ann@else.example' }],
      subject: 'Hello',
      headers: [
        ['In-Reply-To', '<zero@else.example>'],
        ['References', '<zero@else.example> <one@else.example>'],
        ['Auto-Submitted', 'auto-generated'],
        ['X-Mailwright-Loop', 'token'],
      ],
      envelope: [{ address: 'away@there.example', simulation: null }],
    });
  });

  it.each([
    [
      'at the first of DOMAINS when it came to none of them',
      ['mine.example'],
      'a@other.example',
      'forwarding@mine.example',
    ],
    ['where it came to when any sender is accepted', null, 'a@other.example', 'a@other.example'],
  ])('is sent from an address %s', (_what, domains, to, address) => {
    expect(forward({ domains, claim: { envelopeTo: [to] } }).from).toMatchObject({
      name: `Ann via ${to}`,
      address,
    });
  });

  it('is answered where its author wants to be answered', () => {
    const replyTo = [
      { name: '', address: 'desk@else.example' },
      { name: 'x', address: 'no address' },
    ];
    expect(forward({ head: { replyTo } }).replyTo).toMatchObject([{ address: 'desk@else.example' }]);
    expect(forward({ head: { from: [] } })).toMatchObject({
      replyTo: null,
      from: { name: 'Somebody via me@mine.example' },
    });
  });

  it.each([
    ['of the envelope', '', false, ''],
    ['of its last server, where the envelope is not known', null, true, ''],
    ['not where there is none', null, false, 'me@mine.example'],
    ['not because a header says so', 'ann@else.example', true, 'me@mine.example'],
  ])('keeps the null sender: %s', (_what, envelopeFrom, bounce, sender) => {
    const auto = { reply: false, bounce, list: false };
    expect(forward({ claim: { envelopeFrom }, mail: { auto } }).sender).toBe(sender);
  });

  it('refers to no Message-ID that we have made up', () => {
    const head = { messageId: '<x@inbound.invalid>', references: [], inReplyTo: null };
    expect(forward({ head }).headers).toEqual([
      ['Auto-Submitted', 'auto-generated'],
      ['X-Mailwright-Loop', 'token'],
    ]);
  });

  it('has no line ends, no controls and nothing that turns the direction of reading round in its names', () => {
    const from = [{ name: 'Ann\r\nBcc: x@y.example \u202e<b@c.example>', address: 'ann@else.example' }];
    const passed = forward({ head: { from, subject: 'One\r\nTwo\u0000\u202e' } });
    expect(passed.subject).toBe('One  Two');
    expect(passed.from.name).toBe('Ann  Bcc: x@y.example <b@c.example> via me@mine.example');
    expect(passed.replyTo?.[0]?.name).toBe('Ann  Bcc: x@y.example <b@c.example>');
  });

  it('has the original attached as it came when it was not read in full', () => {
    const passed = forward({
      mail: { parse: 'limited', content: { kind: 'inline', html: 'half', text: null } },
    });
    expect(passed.content).toMatchObject({ html: null, text: expect.stringContaining('attached') });
    expect(passed.attachments).toMatchObject([
      { contentType: 'message/rfc822', key: 't/default/raw', size: 10, sha256: 'a'.repeat(64) },
    ]);
  });

  it('can be composed whatever strangers wrote', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom('a\r\nBcc: x@y.example', '=?utf-8?q?x?=', '\u202e', '\ud800', 'x'.repeat(2_000)),
    );
    const mailboxes = fc.array(
      fc.record({ name: text, address: fc.oneof(text, fc.constant('a@b.example')) }),
      { maxLength: 3 },
    );
    const file = fc.record({
      id: fc.constant('id'),
      filename: fc.option(text),
      contentType: fc.oneof(
        text,
        fc.constantFrom('message/partial', 'multipart/mixed', 'message/rfc822', 'text/plain'),
      ),
      contentId: fc.option(text),
      disposition: fc.constantFrom('inline' as const, 'attachment' as const),
      size: fc.constant(0),
      sha256: fc.constant(sha256Hasher().digest() as string),
      key: fc.constant('t/default/empty'),
    });
    const objects = { get: async () => ({ meta: null as never, body: (async function* () {})() }) } as never;
    await fc.assert(
      fc.asyncProperty(
        mailboxes,
        mailboxes,
        text,
        fc.array(text),
        fc.array(file, { maxLength: 3 }),
        async (from, replyTo, subject, ids, attachments) => {
          const head = {
            from,
            replyTo,
            subject,
            references: ids,
            messageId: ids[0] ?? '',
            inReplyTo: ids[1] ?? null,
          };
          const record = recordOf(forward({ head, mail: { attachments }, hops: ids }));
          const files = await filesOf(record.attachments, { objects, hasher: sha256Hasher });
          const composed = await compose(messageOf(record, { html: null, text: 'Hello' }, files ?? []));
          const parts: Uint8Array[] = [];
          for await (const piece of composed.open()) parts.push(piece);
          const [header = ''] = Buffer.concat(parts).toString('latin1').split('\r\n\r\n');
          expect(header).not.toMatch(/^bcc:/im);
          expect(header.match(/^From: /gm)).toHaveLength(1);
        },
      ),
      { numRuns: 150 },
    );
  });
});

interface Instance extends NodePlace {
  readonly address: string;
  forwardedMails(): Promise<readonly EmailRecord[]>;
  receive(mail: Uint8Array, from: string): Promise<void>;
}

let open: Instance[] = [];
afterEach(async () => {
  for (const one of open) await one.close();
  open = [];
});

/** An installation of its own, with a route from its one address to `to`. */
async function instance(name: string, to: string, secret = open.length): Promise<Instance> {
  const domain = `${name}.example`;
  const place = await nodePlace(
    {
      loopToken: createLoopTokens(async () => new Uint8Array(32).fill(secret)),
      settings: { ...READ_SETTINGS, domains: [domain], forwardTo: [to] },
    },
    name,
  );
  const { room, objects, account } = place;
  const address = `in@${domain}`;
  const parts = { room: async () => room, log: () => {} };
  const judge = createJudge({
    ...parts,
    returnPaths: null,
    settings: { receivingDomains: null, returnPathDomain: null },
  });
  const receive = createReceive({
    ...parts,
    judge,
    objects,
    host: { now: () => Date.now(), log: () => {} },
    newId,
    wake: () => {},
    maxBytes: 1e6,
  });
  const match = { recipient: address };
  await room.createRoute({
    route: { id: newId(), match, actions: [{ type: 'forward', to }], position: null, enabled: true },
    now: Date.now(),
  });
  const one: Instance = {
    ...place,
    address,
    async forwardedMails() {
      const listed = await room.emails({ page: { limit: 100, after: null, before: null } });
      if (!listed.ok) throw new Error('not listed');
      const mails = await Promise.all(listed.value.items.map(({ id }) => room.email({ id })));
      return mails.filter((email) => email !== null);
    },
    async receive(mail, from) {
      const raw = (async function* () {
        yield mail;
      })();
      const received = await receive({
        ...{
          account,
          source: 'smtp',
          envelopeFrom: from,
          envelopeTo: [address],
          peer: null,
          deliveryId: null,
        },
        raw,
      });
      expect(received.kind).toBe('kept');
      await place.allRead();
    },
  };
  open.push(one);
  return one;
}

/** Carries every mail that was forwarded to the instance it is for, until nobody forwards any more. Answers how many there were. */
async function carryAll(instances: readonly Instance[]): Promise<number> {
  const carried = new Set<string>();
  for (let round = 0; round < 50; round++) {
    let isQuiet = true;
    for (const from of instances) {
      for (const email of await from.forwardedMails()) {
        if (carried.has(email.id)) continue;
        carried.add(email.id);
        isQuiet = false;
        const to = instances.find(({ address }) => address === email.to[0]?.address);
        await to?.receive(await bytesOf(email, from), email.sender);
      }
    }
    if (isQuiet) return carried.size;
  }
  throw new Error('They go on for ever');
}

async function bytesOf(email: EmailRecord, { objects }: Instance): Promise<Uint8Array> {
  const files = await filesOf(email.attachments, { objects, hasher: sha256Hasher });
  const body = email.content.kind === 'inline' ? email.content : { html: null, text: null };
  const composed = await compose(messageOf(email, body, files ?? []));
  const pieces: Uint8Array[] = [];
  for await (const piece of composed.open()) pieces.push(piece);
  return Buffer.concat(pieces);
}

const FIRST = Buffer.from(
  'From: ann@else.example\r\nSubject: round\r\nMessage-ID: <1@else.example>\r\n\r\nHello\r\n',
);

describe('threats §15: mail that goes in circles', () => {
  it.each([
    ['an author', 'ann@else.example'],
    ['nobody', ''],
  ])(
    'threats §15 r3: two instances that forward to each other stop within three messages, from %s',
    async (_what, sender) => {
      const a = await instance('a', 'in@b.example');
      const b = await instance('b', 'in@a.example');
      await a.receive(FIRST, sender);
      expect(await carryAll([a, b])).toBeLessThanOrEqual(3);
      expect((await a.forwardedMails()).length).toBe(1);
      expect((await b.forwardedMails()).length).toBe(1);
    },
  );

  it('threats §15 r3: also when the other one does not know its own token again', async () => {
    const a = await instance('a', 'in@b.example');
    const b = await instance('b', 'in@a.example');
    await a.receive(Buffer.from(FIRST.toString().replace('round', 'first')), 'ann@else.example');
    const [first] = await a.forwardedMails();
    const mail = Buffer.from(await bytesOf(first ?? fail(), a));
    const lost = Buffer.from(
      mail.toString('latin1').replace(/^X-Mailwright-Loop: .*$/m, 'X-Mailwright-Loop: lost'),
      'latin1',
    );
    await b.receive(lost, 'in@a.example');
    expect(await carryAll([a, b])).toBeLessThanOrEqual(4);
  });

  it('threats §15 r4: a forward to its own address stops at once, and so does a chain of ten accounts', async () => {
    const own = await instance('own', 'in@own.example');
    await own.receive(FIRST, 'ann@else.example');
    expect(await carryAll([own])).toBe(1);
    const chain: Instance[] = [];
    for (let n = 0; n < 10; n++) chain.push(await instance(`c${n}`, `in@c${n + 1}.example`));
    await chain[0]?.receive(FIRST, 'ann@else.example');
    expect(await carryAll(chain)).toBe(3);
  });

  it('threats §15 r2: with 31 Received lines it is kept and goes no further', async () => {
    const a = await instance('a', 'in@b.example');
    await a.receive(Buffer.concat([Buffer.from('Received: by x\r\n'.repeat(31)), FIRST]), 'ann@else.example');
    expect(await a.forwardedMails()).toEqual([]);
    await a.receive(Buffer.concat([Buffer.from('Received: by x\r\n'.repeat(30)), FIRST]), 'ann@else.example');
    expect((await a.forwardedMails()).length).toBe(1);
  });
});

function fail(): never {
  throw new Error('Nothing was forwarded');
}
