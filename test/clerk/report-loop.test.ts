import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReceivedHead } from '../../src/mailroom/received-records.ts';
import { uuidV7 } from '../../src/mailroom/uuid.ts';
import { createReturnPaths } from '../../src/mime/return-path.ts';
import type { Relay } from '../../src/relay/relay.ts';
import { reportLines, reportOf } from '../mime/report-under-test.ts';
import { relayTo } from '../relay/support.ts';
import { House, NOON } from '../support/house.ts';
import { scriptedRelay } from '../support/scripted-relay.ts';
import { type ScriptedServer, startScriptedServer } from '../support/scripted-smtp-server.ts';

// From the clerk over a real connection, and back as mail: what the relay's report quotes is what stood on the wire.

const paths = createReturnPaths({ key: new Uint8Array(32).fill(9), domain: 'bounces.example.com' });
const HEAD: ReceivedHead = {
  from: [],
  to: [],
  cc: [],
  bcc: [],
  replyTo: [],
  subject: 'Undelivered Mail Returned to Sender',
  messageId: '<report@relay.example>',
  inReplyTo: null,
  references: [],
  date: null,
  headers: [],
};

let server: ScriptedServer;
let relay: Relay;
let house: House;

beforeEach(async () => {
  server = await startScriptedServer({ announces: ['DSN', 'SIZE 1000000'] });
  relay = await relayTo({ port: server.port });
  const real = { ...scriptedRelay({ name: 'main' }), submit: relay.submit };
  house = new House({ relays: [real], returnPaths: paths, accounts: ['default', 'shop'] });
});

afterEach(async () => {
  await house.clerk.stop(1_000);
  await relay.close();
  await server.close();
});

/** What a relay knows of a recipient: the sender, and the parameters that it was told. */
function onTheWire(recipient: string): {
  readonly sender: string;
  readonly envid: string;
  readonly orcpt: string;
} {
  const named = server.log.find(({ text }) => text.startsWith(`RCPT TO:<${recipient}>`));
  const commands = server.log
    .filter(({ connection }) => connection === named?.connection)
    .map(({ text }) => text);
  const at = commands.indexOf(named?.text ?? '');
  const mail = /^MAIL FROM:<(\S*)>.* ENVID=(\S+)/.exec(commands[at - 1] ?? '');
  const orcpt = / ORCPT=(\S+)/.exec(commands[at] ?? '')?.[1];
  return { sender: mail?.[1] ?? '', envid: mail?.[2] ?? '', orcpt: orcpt ?? '' };
}

async function sendTo(recipients: readonly string[], account = 'default'): Promise<string> {
  const random = new Uint8Array(10).map(() => Math.floor(house.clock.now() % 251));
  const id = house.accept({ id: uuidV7({ now: NOON, random }), recipients }, account);
  await server.seen('message', recipients.length);
  await house.until(() => house.states(id, account).every((state) => state === 'sent'));
  return id;
}

/** A mail comes to this address, is read by the real reader of reports, and settled. */
async function comesTo(address: string, lines: readonly string[]): Promise<void> {
  const token = await paths.read(address);
  const room = house.mailroom(token?.account ?? 'default');
  const now = house.clock.now();
  const arrival = {
    id: randomUUID(),
    source: 'smtp',
    envelopeFrom: '',
    envelopeTo: [address],
    peer: null,
    rawKey: `t/raw/${randomUUID()}`,
    rawSize: 1,
    rawSha256: randomUUID(),
    deliveryId: null,
    head: HEAD,
  } as const;
  expect(room.receive({ arrival, now }).ok).toBe(true);
  for (const { claimId } of room.claimArrivals({ now, limit: 10, leaseMs: 60_000 }).claims) {
    const mail = {
      parse: 'full',
      head: HEAD,
      content: { kind: 'inline', html: null, text: null },
      attachments: [],
      strippedText: null,
      authentication: { spf: null, dkim: null, dmarc: null, source: 'none' },
      auto: { reply: false, bounce: true, list: false },
      report: await reportOf(lines),
      token,
    } as const;
    const outcome = { kind: 'read', mail, forwards: [], body: null } as const;
    expect(room.settleArrival({ claimId, now, outcome })).toBe('settled');
  }
}

function dsn(
  { envid, orcpt }: { readonly envid: string; readonly orcpt: string },
  fields: readonly string[],
): readonly string[] {
  return reportLines({
    type: 'delivery-status',
    fields: [
      'Reporting-MTA: dns; relay.example',
      `Original-Envelope-Id: ${envid}`,
      '',
      `Original-Recipient: ${orcpt}`,
      ...fields,
    ],
  });
}

const UNKNOWN_USER = [
  'Final-Recipient: rfc822; moved@elsewhere.example',
  'Action: failed',
  'Status: 5.1.1',
  'Diagnostic-Code: smtp; 550 5.1.1 No such user here',
];

describe('a mail goes out and its report comes back', () => {
  it('the bounce of one recipient is an event of that one, calls webhooks, and suppresses it', async () => {
    house.webhook('ok.example');
    const id = await sendTo(['ann+list@example.org', 'bob@example.org']);
    const wire = onTheWire('ann+list@example.org');
    expect(wire).toMatchObject({ envid: id, orcpt: 'rfc822;ann+2Blist@example.org' });
    await comesTo(wire.sender, dsn(wire, UNKNOWN_USER));
    expect(house.email(id).recipients.map(({ address, feedback }) => [address, feedback])).toEqual([
      ['ann+list@example.org', 'bounced'],
      ['bob@example.org', null],
    ]);
    expect(house.email(id).lastEvent).toBe('bounced');
    const listed = house
      .mailroom()
      .suppression({ idOrAddress: 'ann+list@example.org', now: house.clock.now() });
    expect(listed).toMatchObject({ origin: 'bounce', sourceId: id });
    house.clerk.wake('default');
    const called = () => house.receivers.calls.map(({ body }) => new TextDecoder().decode(body ?? undefined));
    await house.until(() => called().some((body) => body.startsWith('{"type":"email.bounced"')));
  });

  it('a delivery is an event, in whatever letters the address comes back', async () => {
    const id = await sendTo(['ann@example.org']);
    const wire = onTheWire('ann@example.org');
    const delivered = ['Final-Recipient: rfc822; ann@example.org', 'Action: delivered', 'Status: 2.0.0'];
    await comesTo(wire.sender.toUpperCase(), dsn(wire, delivered));
    expect(house.events(id)).toEqual(['email.queued', 'email.sent', 'email.delivered']);
    expect(house.email(id).lastEvent).toBe('delivered');
  });

  it('a complaint without any address finds its recipient by the return path', async () => {
    const id = await sendTo(['ann@example.org'], 'shop');
    const { sender } = onTheWire('ann@example.org');
    const fields = ['Feedback-Type: abuse', 'User-Agent: a/1', 'Version: 1'];
    await comesTo(
      sender,
      reportLines({ type: 'feedback-report', fields, returned: ['Subject: Your order'] }),
    );
    expect(house.email(id, 'shop').lastEvent).toBe('complained');
  });

  it('threats §15 r5: the same bounce to any other address changes nothing, though it quotes all we sent', async () => {
    const id = await sendTo(['ann@example.org']);
    const wire = onTheWire('ann@example.org');
    const altered = wire.sender.replace(/.@/, (end) => (end === 'a@' ? 'b@' : 'a@'));
    for (const address of ['postmaster@example.com', altered]) {
      const fields = [`Original-Envelope-Id: ${wire.envid}`, ...UNKNOWN_USER];
      const returned = [`Message-ID: ${house.email(id).messageId}`, `To: ann@example.org`];
      await comesTo(address, reportLines({ type: 'delivery-status', fields, returned }));
    }
    expect(house.events(id)).toEqual(['email.queued', 'email.sent']);
  });
});
