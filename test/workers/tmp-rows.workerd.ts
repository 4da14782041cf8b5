import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { test } from 'vitest';
import { durableObjectSql } from '../../src/platform/workers/sql.ts';
import { House } from '../contracts/mailroom/house.ts';
test.each([0, 1])('size %s', async (hooks) => {
  await runInDurableObject(env.MAILROOM.getByName(crypto.randomUUID()), async (_o, { storage }) => {
    await storage.deleteAll();
    const house = new House(durableObjectSql(storage)); (house as any).newId = () => crypto.randomUUID(); const room = house.reopened();
    const now = house.now;
    if (hooks) room.createWebhook({ webhook: { id: crypto.randomUUID(), endpoint: 'https://x.example/', types: ['email.sent'], sealedSecret: 'x'.repeat(80) }, now });
    const before = storage.sql.databaseSize;
    const N = 2000;
    for (let n = 0; n < N; n++) {
      const email = { ...house.email([`a${n}@there.example`], { id: crypto.randomUUID() }), content: { kind: 'inline' as const, text: 't'.repeat(2000), html: 'h'.repeat(4000) } };
      room.accept({ door: { credential: { kind: 'operator' }, scope: 'sending' }, mode: 'single', items: [{ kind: 'email', email }], now });
      const [claim] = room.claim({ relay: 'first', unbound: true, insteadOf: [], limit: 10, now, leaseMs: 1000000 }) as any[];
      room.markDot({ attemptId: claim.attemptId, recipients: [0], now, composed: { version: 1, sha256: 'a'.repeat(64), size: 7000 } } as never);
      room.settle({ attemptId: claim.attemptId, now, outcomes: [{ recipient: claim.recipients[0].ordinal, outcome: { kind: 'sent', smtp: { code: 250, enhancedCode: '2.0.0', response: '250 2.0.0 Ok: queued as 4711', remoteHost: 'smtp.there.example', tls: 'TLSv1.3' } } }] } as never);
      const { claims } = room.claimDeliveries({ now, limit: 32, leaseMs: 60000 });
      for (const c of claims) room.settleDelivery({ claimId: c.claimId, now, sentAt: now, answer: { kind: 'answered', status: 200, response: 'ok', retryAfterMs: null } });
    }
    console.log('SIZE', hooks, (storage.sql.databaseSize - before) / N);
  });
});
