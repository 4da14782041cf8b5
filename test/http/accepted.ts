import { expect } from 'vitest';
import { type House, mail } from './house.ts';

/** The id of a mail that was accepted. */
export async function send(it: House, over: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const { status, body } = await it.call('POST', '/emails', { body: mail(over) });
  expect(status, JSON.stringify(body)).toBe(200);
  return body.id;
}

/** Everything due is claimed by the relay and settled in this way. */
export function settle(
  it: House,
  outcome: Parameters<ReturnType<House['room']>['settle']>[0]['outcomes'][number]['outcome'],
) {
  const room = it.room();
  const claims = room.claim({
    now: it.now,
    relay: 'main',
    unbound: true,
    insteadOf: [],
    limit: 10,
    leaseMs: 60_000,
  });
  for (const { attemptId, recipients } of claims) {
    const outcomes = recipients.map(({ ordinal }) => ({ recipient: ordinal, outcome }));
    expect(room.settle({ attemptId, now: it.now, outcomes })).toBe('settled');
  }
  return claims.length;
}

export const TAKEN = {
  code: 250,
  enhancedCode: '2.0.0',
  response: '250 2.0.0 Ok',
  remoteHost: 'mx.example',
  tls: 'TLSv1.3',
};
const UNKNOWN_USER = { ...TAKEN, code: 550, enhancedCode: '5.1.1', response: '550 5.1.1 unknown' };
export const FAILED = {
  kind: 'failed',
  phase: 'rcpt',
  reason: 'user_unknown',
  smtp: UNKNOWN_USER,
  bounce: {
    type: 'Permanent',
    subType: 'NoEmail',
    message: 'unknown',
    diagnosticCode: ['smtp; 550 5.1.1 unknown'],
  },
  suppress: false,
} as const;
