import { Resolver } from 'node:dns/promises';
import { Readable } from 'node:stream';
import type { AuthenticateResult } from 'mailauth';
import type { CheckAuthentication } from '../../inbound/authentication-check.ts';
import type { Authentication, AuthenticationResult } from '../../mailroom/received-records.ts';
import { parseAddress } from '../../net/address.ts';
import { isGlobal } from '../../net/special-purpose.ts';
import { HeaderTooLong, withFewSignatures } from './few-signatures.ts';

/** Per question and server, and all of them together: a stranger's DNS server keeps silent as long as it likes. */
const QUESTION_MS = 2_000;
const TRIES = 2;
const CHECK_MS = 15_000;

/** As `resolve` of `node:dns/promises`. */
export type Lookup = (name: string, type: string) => Promise<string[][] | string[]>;

const UNASKED: Authentication = { spf: null, dkim: null, dmarc: null, source: 'none' };
const UNKNOWN: Authentication = {
  spf: 'temperror',
  dkim: 'temperror',
  dmarc: 'temperror',
  source: 'checked',
};

/**
 * SPF, DKIM and DMARC by `mailauth`, in its strict mode. It is loaded by the first mail that needs it: with its tables it
 * weighs as much as the rest of the reader. A mail streams through; its body is hashed once for each signature, of which
 * the first few count.
 *
 * @param parts.name what this server is called, in what SPF may ask for
 */
export function createAuthenticationCheck(parts: {
  readonly name: string;
  readonly after: (ms: number, work: () => void) => () => void;
  readonly lookup?: Lookup;
  readonly withinMs?: number;
}): CheckAuthentication {
  const lookup = parts.lookup ?? systemLookup();
  return async ({ peer, envelopeFrom, raw }) => {
    const ip = peer?.remoteAddress ?? null;
    // Nobody publishes who may send from an address that is no public one.
    const address = ip === null ? null : parseAddress(ip);
    if (ip === null || address === null || !isGlobal(address)) return UNASKED;
    const deadline = startDeadline(parts.after, parts.withinMs ?? CHECK_MS);
    const input = Readable.from(withFewSignatures(raw), { objectMode: false });
    try {
      const { authenticate, spf } = await import('mailauth');
      const asked = {
        ip,
        helo: peer?.ehlo ?? '',
        sender: envelopeFrom ?? '',
        mta: parts.name,
        resolver: (name: string, type: string) => Promise.race([lookup(name, type), deadline.passed]),
        strict: true,
      };
      const checked = authenticate(input, { ...asked, disableArc: true, disableBimi: true }).then(
        told,
        (cause) =>
          cause instanceof HeaderTooLong
            ? // Nobody signs so much; whom it came from is known all the same.
              spf(asked).then((only) => ({ ...UNKNOWN, spf: resultOf(only), dkim: 'permerror' as const }))
            : UNKNOWN,
      );
      return await Promise.race([checked, deadline.passed]);
    } catch {
      return UNKNOWN;
    } finally {
      deadline.stop();
      input.destroy();
    }
  };
}

function told({ spf, dkim, dmarc, dmarcSkipReason }: AuthenticateResult): Authentication {
  const undecided = dmarcSkipReason === undefined ? 'none' : 'permerror';
  return {
    spf: resultOf(spf),
    dkim: best(dkim.results.map(resultOf)),
    dmarc: dmarc === false ? undecided : resultOf(dmarc),
    source: 'checked',
  };
}

/** One good signature is enough (RFC 6376 §6.1); one that could not be checked may have been good. */
const ORDER = ['pass', 'temperror', 'fail', 'policy', 'permerror', 'neutral'] as const;

function best(results: readonly AuthenticationResult[]): AuthenticationResult {
  return ORDER.find((result) => results.includes(result)) ?? 'none';
}

const KNOWN: ReadonlySet<string> = new Set<AuthenticationResult>([
  'pass',
  'fail',
  'softfail',
  'neutral',
  'none',
  'temperror',
  'permerror',
  'policy',
]);

function resultOf(one: { readonly status: { readonly result: string } } | false): AuthenticationResult {
  const result = one === false ? 'none' : one.status.result;
  return isResult(result) ? result : 'none';
}

function isResult(text: string): text is AuthenticationResult {
  return KNOWN.has(text);
}

/** A rejection that is waited for by many and must not end the process when nobody waits. */
function startDeadline(
  after: (ms: number, work: () => void) => () => void,
  ms: number,
): { readonly passed: Promise<never>; readonly stop: () => void } {
  let stop = (): void => {};
  const passed = new Promise<never>((_, reject) => {
    stop = after(ms, () => reject(Object.assign(new Error('Too late'), { code: 'ETIMEOUT' })));
  });
  passed.catch(() => {});
  return { passed, stop };
}

function systemLookup(): Lookup {
  const resolver = new Resolver({ timeout: QUESTION_MS, tries: TRIES });
  return (name, type) => resolver.resolve(name, type) as Promise<string[][] | string[]>;
}
