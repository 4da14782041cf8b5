import type { Address } from './address.ts';
import { boundedBody } from './body.ts';
import { type After, type Deadline, startDeadline, unlessAborted } from './deadline.ts';
import type { EgressDriver, Exchanged } from './driver.ts';
import {
  type Egress,
  type EgressAnswer,
  type EgressFailure,
  type EgressRefusal,
  type EgressRequest,
  type EgressResult,
  type EgressStage,
  PURPOSES,
} from './egress.ts';
import { admit, type EgressPolicy, type EgressRule, judge, type Target } from './policy.ts';

export interface EgressParts {
  readonly policy: EgressPolicy;
  readonly driver: EgressDriver;
  readonly after: After;
}

type Timed = Pick<EgressRequest, 'withinMs'>;
type Failed = Extract<EgressResult, { readonly ok: false }>;
type Answered = Extract<Exchanged, { readonly ok: true }>;

/** RFC 9110 §15.4: the ones that say where to go instead. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function createEgress(parts: EgressParts): Egress {
  const begin = ({ withinMs, signal }: Pick<EgressRequest, 'withinMs' | 'signal'>): Deadline =>
    startDeadline({ after: parts.after, ms: withinMs, signal });
  return {
    async check(call) {
      const judged = judge(call.url, parts.policy);
      if (!judged.ok) return refusal(judged.rule, 0);
      const deadline = begin(call);
      try {
        const located = await locate(judged.target, { request: call, deadline, parts, hop: 0 });
        return !located.ok && located.failure.kind === 'refused' ? located.failure : null;
      } finally {
        deadline.stop();
      }
    },
    async fetch(request) {
      const first = judge(request.url, parts.policy);
      // Before the deadline is set: nothing is left behind by a call that never began.
      if (!first.ok) return failed(refusal(first.rule, 0));
      const deadline = begin(request);
      try {
        const result = await follow(first.target, { request, deadline, parts });
        if (!result.ok) deadline.stop();
        return result;
      } catch (surprise) {
        deadline.stop();
        throw surprise;
      }
    },
  };
}

interface Call {
  readonly request: EgressRequest;
  readonly deadline: Deadline;
  readonly parts: EgressParts;
}

/** From hop to hop, each judged, looked up and held like the first. */
async function follow(first: Target, call: Call): Promise<EgressResult> {
  const { redirects } = PURPOSES[call.request.purpose];
  let target = first;
  for (let hop = 0; ; hop += 1) {
    const visited = await visit(target, { ...call, hop });
    if (!visited.ok) return visited;
    if (redirects === 0 || !REDIRECTS.has(visited.status)) return accepted(visited, { ...call, target });
    visited.close();
    if (hop === redirects) return failed({ kind: 'redirect', reason: 'too_many' });
    const next = nextTarget(visited, { target, hop: hop + 1, policy: call.parts.policy });
    if (!next.ok) return next;
    target = next.target;
  }
}

/** Where a target really is: its addresses, every one of them judged. */
async function locate(
  target: Target,
  {
    request,
    deadline,
    parts,
    hop,
  }: Omit<Call, 'request'> & { readonly request: Timed; readonly hop: number },
): Promise<{ readonly ok: true; readonly addresses: readonly Address[] } | Failed> {
  const { signal } = deadline;
  const resolved =
    target.address === null
      ? await unlessAborted(signal, parts.driver.resolve({ target, signal }))
      : { ok: true as const, addresses: [target.host] };
  if (resolved === null || signal.aborted) return ended({ request, deadline, stage: 'dns' });
  if (!resolved.ok) return resolved;
  const addresses = admit(target, { addresses: resolved.addresses, policy: parts.policy });
  return addresses === null ? failed(refusal('address', hop)) : { ok: true, addresses };
}

async function visit(
  target: Target,
  { request, deadline, parts, hop }: Call & { readonly hop: number },
): Promise<Answered | Failed> {
  const { signal } = deadline;
  const located = await locate(target, { request, deadline, parts, hop });
  if (!located.ok) return located;
  const exchanged = await parts.driver.exchange({
    target,
    addresses: located.addresses,
    method: request.method,
    headers: {
      // A compressed answer could be a thousand times its size (RFC 9110 §12.5.3).
      'accept-encoding': 'identity',
      'user-agent': 'Mailwright',
      ...(hop === 0 ? request.headers : {}),
    },
    body: request.body,
    signal,
  });
  if (!exchanged.ok && signal.aborted) return ended({ request, deadline, stage: 'answer' });
  return exchanged;
}

function nextTarget(
  { headers }: Answered,
  { target, hop, policy }: { readonly target: Target; readonly hop: number; readonly policy: EgressPolicy },
): { readonly ok: true; readonly target: Target } | Failed {
  const location = headers.get('location');
  if (location === undefined || !URL.canParse(location, target.url)) {
    return failed({ kind: 'redirect', reason: 'location' });
  }
  const next = judge(new URL(location, target.url).href, policy);
  if (!next.ok) return failed(refusal(next.rule, hop));
  // Whoever asked for TLS gets it to the end, also where the operator opened plain http.
  if (target.secure && !next.target.secure) return failed(refusal('scheme', hop));
  return next;
}

function accepted(
  { status, headers, body, close }: Answered,
  { request, deadline, target }: Call & { readonly target: Target },
): EgressResult {
  const { overflow } = PURPOSES[request.purpose];
  const { maxBytes } = request;
  const problem = overflow === 'refuse' ? headerProblem(headers, maxBytes) : null;
  if (problem !== null) {
    close();
    return failed(problem);
  }
  const end = (): void => {
    deadline.stop();
    close();
  };
  const answer: EgressAnswer = {
    status,
    headers,
    url: target.url,
    body: boundedBody(body, {
      maxBytes,
      overflow,
      end,
      failure: () => (deadline.why() === null ? { kind: 'answer' } : failureAtEnd(request, deadline, 'body')),
    }),
    discard: end,
  };
  return { ok: true, answer };
}

/** What the headers alone give away about a body that must be whole. */
function headerProblem(headers: ReadonlyMap<string, string>, maxBytes: number): EgressFailure | null {
  if (!/^(?:identity)?$/i.test(headers.get('content-encoding') ?? '')) return { kind: 'encoded' };
  return Number(headers.get('content-length') ?? 0) > maxBytes
    ? { kind: 'too_large', limit: maxBytes }
    : null;
}

function failureAtEnd({ withinMs }: Timed, deadline: Deadline, stage: EgressStage): EgressFailure {
  return deadline.why() === 'aborted' ? { kind: 'aborted' } : { kind: 'timeout', stage, ms: withinMs };
}

function ended(call: {
  readonly request: Timed;
  readonly deadline: Deadline;
  readonly stage: EgressStage;
}): Failed {
  return failed(failureAtEnd(call.request, call.deadline, call.stage));
}

function refusal(rule: EgressRule, hop: number): EgressRefusal {
  return { kind: 'refused', rule, hop };
}

function failed(failure: EgressFailure): Failed {
  return { ok: false, failure };
}
