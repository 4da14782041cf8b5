import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReceive } from '../../src/inbound/funnel.ts';
import { createJudge } from '../../src/inbound/judge.ts';
import type { Delivery, Receive, Received } from '../../src/inbound/receive.ts';
import type { Async, Mailroom } from '../../src/mailroom/mailroom.ts';
import type { ReceivedDetail } from '../../src/mailroom/received-records.ts';
import type { EmailRecord } from '../../src/mailroom/records.ts';
import type { ObjectStore } from '../../src/objects/store.ts';

/** A room, its store, and whatever reads what comes in. Settings as in `INBOUND_TEST_SETTINGS`. */
export interface InboundPlace {
  readonly account: string;
  readonly room: Async<Mailroom>;
  readonly objects: ObjectStore;
  readonly newId: () => string;
  /** Ends when nothing is left to be read. */
  readonly allRead: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export const INBOUND_TEST_SETTINGS = {
  domains: ['mine.example'],
  receivingDomains: ['mine.example'],
  forwardTo: ['away@there.example', 'boss@there.example'],
  trustedServers: ['mx.trusted.example'],
} as const;

const MAX_BYTES = 2 * 1024 * 1024;
const ALL = { limit: 100, after: null, before: null } as const;

/** Receiving and reading on a host: the funnel, the room, the store and the reader are the real ones. */
export function inboundContract(where: string, open: () => Promise<InboundPlace>): void {
  describe(`mail that comes in, ${where}`, () => {
    let place: InboundPlace;
    let receive: Receive;
    /** Milliseconds by which the clock of the funnel is slow. */
    let behind = 0;

    beforeAll(async () => {
      place = await open();
      const room = async (name: string) => (name === place.account ? place.room : null);
      const settings = { receivingDomains: INBOUND_TEST_SETTINGS.receivingDomains, returnPathDomain: null };
      const judge = createJudge({ room, returnPaths: null, log: () => {}, settings });
      receive = createReceive({
        room,
        judge,
        objects: place.objects,
        host: { now: () => Date.now() - behind, log: () => {} },
        newId: place.newId,
        wake: () => {},
        maxBytes: MAX_BYTES,
      });
    });
    afterAll(() => place.close());

    const deliver = (raw: Delivery['raw'], change: Partial<Delivery> = {}): Promise<Received> =>
      receive({
        account: place.account,
        source: 'http',
        envelopeFrom: 'ann@else.example',
        envelopeTo: ['me@mine.example'],
        peer: null,
        deliveryId: null,
        raw,
        ...change,
      });

    async function read(mail: string | Uint8Array, change: Partial<Delivery> = {}): Promise<ReceivedDetail> {
      const received = await deliver(inPieces(mail), change);
      if (received.kind !== 'kept') throw new Error(JSON.stringify(received));
      await place.allRead();
      return detail(received.id);
    }

    async function detail(id: string): Promise<ReceivedDetail> {
      const found = await place.room.receivedEmail({ id });
      if (found === null) throw new Error(`No received mail ${id}`);
      return found;
    }

    async function sent(): Promise<readonly EmailRecord[]> {
      const listed = await place.room.emails({ page: ALL });
      if (!listed.ok) throw new Error(listed.refusal.message);
      const mails = await Promise.all(listed.value.items.map(({ id }) => place.room.email({ id })));
      return mails.filter((one) => one !== null);
    }

    async function keys(): Promise<readonly string[]> {
      const found: string[] = [];
      for await (const { key } of place.objects.list(`t/${place.account}/`)) found.push(key);
      return found.toSorted();
    }

    async function addRoute(recipient: string, actions: readonly object[]): Promise<void> {
      const route = { id: place.newId(), match: { recipient }, actions, position: null, enabled: true };
      const made = await place.room.createRoute({ route: route as never, now: Date.now() });
      if (!made.ok) throw new Error(made.refusal.message);
    }

    it('is kept byte for byte, listed at once by its header, and then read', async () => {
      const raw = Uint8Array.from(`${header('One')}\r\n8-bit: `, (c) => c.charCodeAt(0));
      const bytes = new Uint8Array([...raw, 0xe9, 0x00, 0x0d, 0x0a, 0x2e, 0x0a]);
      const received = await deliver(inPieces(bytes), { envelopeTo: ['me+tag@MINE.example'] });
      expect(received).toMatchObject({ kind: 'kept', duplicate: false });
      if (received.kind !== 'kept') return;
      const first = await detail(received.id);
      expect(first).toMatchObject({
        receivedFor: ['me+tag@mine.example'],
        mailboxHash: 'tag',
        rawSize: bytes.length,
        head: {
          subject: 'One',
          from: [{ name: 'Ann', address: 'ann@else.example' }],
          messageId: '<One@else.example>',
        },
      });
      expect(await bytesAt(place.objects, first.rawKey)).toEqual(bytes);
      await place.allRead();
      expect(await detail(received.id)).toMatchObject({
        parse: 'full',
        content: { kind: 'inline', html: null },
      });
    });

    it('is listed at once by the beginning of a header that is very long, and by all of it once it is read', async () => {
      const mail = `Subject: Long\r\nX-Filler: ${'x'.repeat(40_000)}\r\n${header('Long').replace('Subject', 'X-Subject')}\r\n`;
      const received = await deliver(inPieces(mail));
      if (received.kind !== 'kept') throw new Error(JSON.stringify(received));
      expect((await detail(received.id)).head).toMatchObject({ subject: 'Long', from: [] });
      await place.allRead();
      expect((await detail(received.id)).head).toMatchObject({
        subject: 'Long',
        from: [{ name: 'Ann', address: 'ann@else.example' }],
        messageId: '<Long@else.example>',
      });
    });

    it('has its texts, its files under their hash, and the answer without what it answers', async () => {
      const mail = [
        header('Files', 'multipart/mixed; boundary=b'),
        '--b\r\nContent-Type: text/plain\r\n\r\nYes.\r\n\r\nOn 1 Jan 2026, A <a@b.example> wrote:\r\n> old\r\n',
        '--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nAQID\r\n',
        '--b--\r\n',
      ].join('\r\n');
      const found = await read(mail);
      expect(found).toMatchObject({ parse: 'full', strippedText: 'Yes.' });
      const [file] = found.attachments;
      expect(file).toMatchObject({
        filename: 'a.pdf',
        contentType: 'application/pdf',
        size: 3,
        sha256: '039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81',
        key: `t/${place.account}/039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81`,
      });
      expect(await bytesAt(place.objects, file?.key ?? '')).toEqual(new Uint8Array([1, 2, 3]));
    });

    it('is read in the charset of its language', async () => {
      const korean = new Uint8Array([0xbe, 0xc8, 0xb3, 0xe7]);
      const head = Uint8Array.from(`${header('K', 'text/plain; charset=euc-kr')}\r\n`, (c) =>
        c.charCodeAt(0),
      );
      const found = await read(new Uint8Array([...head, ...korean, 13, 10]));
      expect(found.content).toEqual({ kind: 'inline', html: null, text: '안녕\n' });
    });

    it('keeps a large text in storage, and a large file too', async () => {
      const large = `${'x'.repeat(70)}\r\n`.repeat(3_000);
      const found = await read(`${header('Large', 'text/html')}\r\n${large}`);
      expect(found.content.kind).toBe('inline');
      const text = `${header('Cyrillic', 'text/plain; charset=koi8-r')}\r\n`;
      const letters = new Uint8Array(200 * 1024).fill(0xc1).map((byte, at) => (at % 70 === 69 ? 10 : byte));
      const two = await read(new Uint8Array([...Uint8Array.from(text, (c) => c.charCodeAt(0)), ...letters]));
      if (two.content.kind !== 'object') throw new Error('in the row');
      const stored = JSON.parse(new TextDecoder().decode(await bytesAt(place.objects, two.content.key)));
      expect(stored).toMatchObject({ html: null, text: expect.stringMatching(/^а{69}\n/) });
    });

    it('keeps a file that is too large to be held under its hash too, and nothing else of it', async () => {
      const before = await keys();
      const file = 'x'.repeat(1_300_000);
      const mail = `${header('File', 'application/x-large')}\r\n${file.replace(/.{70}/g, '$&\r\n')}`;
      const { attachments, rawKey } = await read(mail);
      const [kept] = attachments;
      expect(attachments).toHaveLength(1);
      expect(kept?.size).toBeGreaterThan(file.length);
      expect(kept?.key).toBe(`t/${place.account}/${kept?.sha256}`);
      expect((await keys()).filter((key) => !before.includes(key))).toEqual([kept?.key, rawKey].toSorted());
    });

    it.each([
      ['a domain that is not ours', { envelopeTo: ['x@other.example'] }, 'domain'],
      ['an account that does not exist', { account: 'nobody' }, 'address'],
      ['what is no address', { envelopeTo: ['<me@mine.example'] }, 'address'],
    ])('is refused for %s, and nothing is stored', async (_what, change, reason) => {
      const before = await keys();
      expect(await deliver(inPieces(header('No')), change)).toMatchObject({ kind: 'refused', reason });
      expect(await keys()).toEqual(before);
    });

    it('leaves nothing behind when it is too large or breaks off', async () => {
      const before = await keys();
      const large = await deliver(inPieces(`${header('Too')}\r\n${'x'.repeat(MAX_BYTES)}`));
      expect(large).toMatchObject({ kind: 'refused', reason: 'size' });
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield new TextEncoder().encode(header('Broken'));
        throw new Error('the sender went away');
      }
      await expect(deliver(broken())).rejects.toThrow('the sender went away');
      expect(await keys()).toEqual(before);
    });

    it('is one mail when it comes twice, and the second object is gone', async () => {
      const first = await deliver(inPieces(header('Twice')));
      const before = await keys();
      const second = await deliver(inPieces(header('Twice')));
      expect(second).toEqual({ ...first, duplicate: true });
      expect(await keys()).toEqual(before);
      await place.allRead();
    });

    it('of a slow sender is newer than what was kept while it came, so that who reads up to there misses none', async () => {
      behind = 1_000;
      const ids: string[] = [];
      const keep = async (raw: Delivery['raw']): Promise<void> => {
        const received = await deliver(raw);
        if (received.kind === 'kept') ids.push(received.id);
      };
      await keep(
        (async function* () {
          yield* inPieces(header('Slow'));
          behind = 0;
          await keep(inPieces(`${header('Quick')}\r\nx`));
          yield* inPieces('\r\nx');
        })(),
      );
      const filter = { from: null, to: null, subject: null, since: null, until: null };
      const page = { limit: 10, after: null, before: ids[0] ?? null };
      const newer = await place.room.receivedEmails({ filter, page });
      expect(newer).toMatchObject({ value: { items: [{ id: ids[1] }] } });
    });

    it('is thrown away or refused where a route says so, and kept for the others', async () => {
      await addRoute('drop@mine.example', [{ type: 'drop' }]);
      await addRoute('closed@mine.example', [{ type: 'reject', message: 'We have moved.' }]);
      const before = await keys();
      expect(await deliver(inPieces(header('D')), { envelopeTo: ['drop@mine.example'] })).toEqual({
        kind: 'dropped',
      });
      const closed = await deliver(inPieces(header('C')), { envelopeTo: ['closed@mine.example'] });
      expect(closed).toEqual({ kind: 'refused', reason: 'route', message: 'We have moved.' });
      expect(await keys()).toEqual(before);
      const envelopeTo = ['drop@mine.example', 'closed@mine.example', 'x@other.example', 'me@mine.example'];
      expect((await read(header('Mixed'), { envelopeTo })).receivedFor).toEqual(['me@mine.example']);
    });

    it('says who sent it in the words of a trusted server alone', async () => {
      const told = 'Authentication-Results: mx.trusted.example; spf=pass; dkim=fail; dmarc=none\r\n';
      const forged = 'Authentication-Results: mx.evil.example; spf=pass; dkim=pass; dmarc=pass\r\n';
      const trusted = await read(`${told}${forged}${header('Trusted')}`);
      expect(trusted.authentication).toEqual({ spf: 'pass', dkim: 'fail', dmarc: 'none', source: 'header' });
      const below = await read(`${forged}${told}${header('Forged')}`);
      expect(below.authentication).toEqual({ spf: null, dkim: null, dmarc: null, source: 'none' });
    });

    it('is forwarded as a mail of ours that answers its author, with its files', async () => {
      await addRoute('sales@mine.example', [{ type: 'forward', to: 'away@there.example' }]);
      const mail = `${header('Forward', 'multipart/mixed; boundary=b')}\r\n--b\r\n\r\nHello\r\n--b\r\nContent-Type: image/png; name="../a.png"\r\n\r\npng\r\n--b--\r\n`;
      await read(mail, { envelopeTo: ['sales@mine.example'] });
      const passed = (await sent()).find(({ subject }) => subject === 'Forward');
      expect(passed).toMatchObject({
        from: { name: 'Ann via sales@mine.example', address: 'sales@mine.example' },
        sender: 'sales@mine.example',
        to: [{ address: 'away@there.example' }],
        replyTo: [{ name: 'Ann', address: 'ann@else.example' }],
        content: { kind: 'inline', text: 'Hello', html: null },
        attachments: [{ filename: '.._a.png', contentType: 'image/png', size: 3 }],
        recipients: [{ address: 'away@there.example' }],
      });
      expect(passed?.headers).toContainEqual(['Auto-Submitted', 'auto-generated']);
      expect(passed?.headers.at(-1)?.[0]).toBe('X-Mailwright-Loop');
    });

    it('keeps the null sender when it is forwarded, and goes nowhere that FORWARD_TO does not name', async () => {
      await addRoute('bounces@mine.example', [
        { type: 'forward', to: 'boss@there.example' },
        { type: 'forward', to: 'stranger@there.example' },
      ]);
      const found = await read(header('Bounce'), { envelopeTo: ['bounces@mine.example'], envelopeFrom: '' });
      expect(found.auto.bounce).toBe(true);
      const passed = (await sent()).filter(({ subject }) => subject === 'Bounce');
      expect(passed.map(({ sender, to }) => [sender, to[0]?.address])).toEqual([['', 'boss@there.example']]);
    });
  });
}

function header(name: string, type = 'text/plain'): string {
  return `From: Ann <ann@else.example>\r\nSubject: ${name}\r\nMessage-ID: <${name}@else.example>\r\nContent-Type: ${type}\r\n`;
}

async function* inPieces(mail: string | Uint8Array): AsyncGenerator<Uint8Array> {
  const bytes = typeof mail === 'string' ? new TextEncoder().encode(mail) : mail;
  for (let at = 0; at < bytes.length; at += 20_000) yield bytes.slice(at, at + 20_000);
}

async function bytesAt(objects: ObjectStore, key: string): Promise<Uint8Array> {
  const found = await objects.get(key);
  const bytes: number[] = [];
  if (found !== null) for await (const piece of found.body) bytes.push(...piece);
  return new Uint8Array(bytes);
}
