import { unavailable } from '../../../schemas/refusal.ts';
import { parseAddrSpec } from '../../mime/address.ts';
import type { Circle } from '../node/catch-all.ts';

type Judge = Circle['judge'];
type Receive = Circle['receive'];
type Received = Awaited<ReturnType<Receive>>;

/** Where workerd on this machine takes what Email Routing brings a deployed Worker. */
const HANDLER = '/cdn-cgi/handler/email';
/** The same limit as in production; the handler refuses more. */
const MAX_BYTES = 25 * 1024 * 1024;
const ANSWER_WITHIN_MS = 30_000;
const RETRY_AFTER_SECONDS = 60;

/** How the handler tells what our Worker said. Any other 400 is its own: a mail that it cannot read. */
const REJECTED = /^Worker rejected email with the following reason: (.*)$/s;

const FOREIGN: Awaited<ReturnType<Judge>> = {
  kind: 'refused',
  reason: 'domain',
  message: 'No mail is received here.',
};

/**
 * The way back in of `npm run dev`: what was caught is handed to the Worker's own `email()`, one call for each recipient as
 * Email Routing does it. What the Worker does not answer for is to be sent again; what has arrived already is then known.
 */
export function openCircle(parts: {
  /** Of the Worker, on this machine. */
  readonly url: string;
  /** Null: every domain. */
  readonly receivingDomains: readonly string[] | null;
  readonly returnPathDomain: string | null;
  readonly maxBytes: number;
  readonly fetch: (url: URL, init: RequestInit) => Promise<Response>;
}): Circle {
  const { receivingDomains, returnPathDomain } = parts;
  const limit = Math.min(parts.maxBytes, MAX_BYTES);
  const judge: Judge = async ({ address }) => {
    const read = parseAddrSpec(address);
    if (!read.ok) return FOREIGN;
    const { domain } = read.mailbox;
    const isOurs =
      receivingDomains === null || receivingDomains.includes(domain) || domain === returnPathDomain;
    return isOurs ? null : FOREIGN;
  };
  const receive: Receive = async ({ envelopeFrom, envelopeTo, raw }) => {
    const mail = await collected(raw, limit);
    if (mail === null) return { kind: 'refused', reason: 'size', message: 'Message too large.' };
    const outcomes: Received[] = [];
    for (const to of envelopeTo) outcomes.push(await handed({ from: envelopeFrom ?? '', to, mail }, parts));
    return worst(outcomes);
  };
  return { judge, receive };
}

/** Null when it is larger. */
async function collected(
  raw: AsyncIterable<Uint8Array>,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of raw) {
    size += piece.length;
    if (size > limit) return null;
    pieces.push(piece);
  }
  return new Uint8Array(Buffer.concat(pieces));
}

async function handed(
  { from, to, mail }: { readonly from: string; readonly to: string; readonly mail: Uint8Array<ArrayBuffer> },
  { url, fetch }: Pick<Parameters<typeof openCircle>[0], 'url' | 'fetch'>,
): Promise<Received> {
  const place = new URL(HANDLER, url);
  // The null sender as SMTP writes it: the handler asks for a sender.
  place.searchParams.set('from', from === '' ? '<>' : from);
  place.searchParams.set('to', to);
  try {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
    const answer = await fetch(place, { method: 'POST', body: mail, signal });
    const text = await answer.text();
    if (answer.ok) return { kind: 'dropped' };
    if (answer.status !== 400) return NOT_NOW;
    const reason = REJECTED.exec(text)?.[1];
    return reason === undefined ? { kind: 'dropped' } : { kind: 'refused', reason: 'route', message: reason };
  } catch {
    return NOT_NOW;
  }
}

const NOT_NOW: Received = { kind: 'unavailable', refusal: unavailable(RETRY_AFTER_SECONDS) };

/** There is one answer for all: to be sent again if anybody lacks it, refused if nobody has it. */
function worst(outcomes: readonly Received[]): Received {
  const [first] = outcomes;
  const missing = outcomes.find(({ kind }) => kind === 'unavailable');
  const taken = outcomes.find(({ kind }) => kind === 'dropped');
  return missing ?? taken ?? first ?? { kind: 'dropped' };
}
