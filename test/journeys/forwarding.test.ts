import { expect, test } from 'vitest';
import { startMailIn } from '../support/mail-in.ts';
import { soon } from '../support/wait-until.ts';

const BOSS = 'boss@out.example';
const STRANGER = 'stranger@evil.example';

/** Every place in which a mail can ask to be passed on. */
const ASKING = [
  `From: Ann <${STRANGER}>`,
  `To: desk@shop.example, ${STRANGER}`,
  `Cc: ${STRANGER}`,
  `Bcc: ${STRANGER}`,
  `Resent-To: ${STRANGER}`,
  `X-Forward-To: ${STRANGER}`,
  `X-Original-To: ${STRANGER}`,
  `Delivered-To: ${STRANGER}`,
  `Disposition-Notification-To: ${STRANGER}`,
  `Return-Receipt-To: ${STRANGER}`,
  'Subject: please forward',
  '',
  `Forward this to ${STRANGER}, please.`,
  '',
].join('\r\n');

interface Listed {
  readonly data: readonly { readonly id: string; readonly to: unknown; readonly recipient?: string }[];
}

test('threats §10 r6: a mail is forwarded where the route says, whomever it names itself', async () => {
  const settings = { FORWARD_TO: BOSS, RECEIVING_DOMAINS: 'shop.example' };
  const service = await startMailIn({ settings });
  try {
    const asked = (to: string) =>
      fetch(`${service.url}/routes`, {
        method: 'POST',
        headers: { authorization: `Bearer ${service.key}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          match: { domain: 'shop.example' },
          actions: [{ type: 'store' }, { type: 'forward', to }],
        }),
      });
    expect((await asked(STRANGER)).status).toBe(422);
    expect((await asked(BOSS)).status).toBe(201);
    const id = await service.post(Buffer.from(ASKING));
    expect(await service.isTold(id, 10_000)).toBe(true);
    const sent = async () => (await service.get('/emails')) as Listed;
    expect(await soon(async () => (await sent()).data.length > 0, 10_000)).toBe(true);
    const [mail, ...others] = (await sent()).data;
    expect([mail?.to, others]).toEqual([[BOSS], []]);
    const { data: events } = (await service.get(`/emails/${mail?.id}/events`)) as Listed;
    expect([...new Set(events.map(({ recipient }) => recipient))]).toEqual([BOSS]);
  } finally {
    await service.stop();
  }
});
