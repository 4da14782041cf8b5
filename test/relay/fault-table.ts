import type { Security } from '../../src/relay/relay.ts';
import type { Fault, Step } from '../support/smtp-script.ts';

export const SECURITIES: readonly Security[] = ['none', 'starttls', 'implicit'];

/** What a server may do instead of its usual reply. */
export const FAULTS = {
  '4yz': { kind: 'reply', lines: ['450 4.2.0 not now'] },
  '5yz': { kind: 'reply', lines: ['550-5.3.0 never', '550 5.3.0 ever'] },
  '421': { kind: 'reply', lines: ['421 4.3.2 shutting down'], thenClose: true },
  reset: { kind: 'reset' },
  close: { kind: 'close' },
  hang: { kind: 'hang' },
  drip: { kind: 'drip' },
  garbage: { kind: 'reply', lines: ['!what is this'] },
  'half a success': { kind: 'bytes', bytes: '250 2.0', thenClose: true },
  'half a refusal': { kind: 'bytes', bytes: '550 5.1.1 user unk', thenClose: true },
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof FAULTS;

export const STEPS: readonly Step[] = [
  'greeting',
  'ehlo',
  'starttls',
  'tls',
  'auth',
  'mail',
  'rcpt',
  'data',
  'body',
  'dot',
];

/** Which steps there are on such a connection. In the clear there are credentials too: it is this machine. */
export function hasStep(security: Security, step: Step): boolean {
  if (step === 'starttls') return security === 'starttls';
  return step !== 'tls' || security !== 'none';
}

/** What must come of it: verdict, condition, and whether the next relay may be tried. */
export function expected(step: Step, fault: FaultName): string {
  return step === 'tls' ? inTls(fault) : inSmtp(step, fault);
}

function inSmtp(step: Step, fault: FaultName): string {
  const isRelaysAffair = ['greeting', 'ehlo', 'starttls', 'tls', 'auth'].includes(step);
  const isNegotiation = step === 'starttls' || step === 'auth';
  switch (fault) {
    case '4yz':
      if (isNegotiation) return 'back elsewhere, pause';
      return isRelaysAffair ? 'deferred elsewhere, pause' : 'deferred, well';
    case '5yz':
      return isRelaysAffair ? 'back elsewhere, hold' : 'failed, well';
    case '421':
      return step === 'dot' ? 'deferred, pause' : 'deferred elsewhere, pause';
    case 'garbage':
      if (step === 'dot') return 'unknown, failure';
      return isRelaysAffair ? 'deferred elsewhere, failure' : 'deferred, failure';
    default:
      if (step === 'dot') return 'unknown, failure';
      return isRelaysAffair || step === 'mail' ? 'deferred elsewhere, failure' : 'deferred, failure';
  }
}

/** The handshake knows no replies: bytes that are no TLS can only be a wrong setting. */
function inTls(fault: FaultName): string {
  const isBroken = ['reset', 'close', 'hang', 'drip'].includes(fault);
  return isBroken ? 'deferred elsewhere, failure' : 'back elsewhere, hold';
}
