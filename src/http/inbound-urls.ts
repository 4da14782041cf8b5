import type { Refusal } from '../../schemas/error.ts';
import { invalidAddress, invalidField } from '../../schemas/refusal.ts';
import { parseAddrSpec } from '../mime/address.ts';
import type { KeyedHandlers } from './context.ts';
import { readDuration } from './duration.ts';
import { issueInboundUrl } from './inbound-url.ts';
import type { Settings } from './parts.ts';
import { timeOrNull } from './present.ts';
import type { Reading } from './request.ts';

/** Longer than anything is kept running; what should not end has no duration. */
const MAX_DAYS = 3_650;
const MAX_DURATION_MS = MAX_DAYS * 24 * 60 * 60 * 1000;

/** URLs for those that hand mail in and should have no API key. Nothing is stored: the signature is the record. */
export const inboundUrls: Pick<KeyedHandlers, 'createInboundUrl'> = {
  async createInboundUrl({ body }, { parts, account, now }) {
    const to = readRecipient(body.to, parts.settings);
    if (!to.ok) return to;
    const duration = body.expires_in === undefined ? null : readDuration(body.expires_in);
    if (body.expires_in !== undefined && (duration === null || duration > MAX_DURATION_MS))
      return { refusal: durationRefusal() };
    const until = duration === null ? null : now + duration;
    const claims = { account, source: body.source ?? 'mime', to: to.value } as const;
    const { settings, tickets } = parts;
    const link = { tickets: tickets.inbound, publicUrl: settings.publicUrl, until };
    const url = await issueInboundUrl(claims, link);
    return { status: 201, body: { object: 'inbound_url', url, expires_at: timeOrNull(until) } };
  },
};

function durationRefusal(): Refusal {
  return invalidField('expires_in', `A duration such as \`90 days\` is expected, at most ${MAX_DAYS} days.`);
}

/** A URL for an address that no mail is received for would answer 403 for ever. */
function readRecipient(
  given: string | undefined,
  { receivingDomains, returnPathDomain }: Settings,
): Reading<string | null> {
  if (given === undefined) return { ok: true, value: null };
  const reading = parseAddrSpec(given.trim());
  if (!reading.ok) return { ok: false, refusal: invalidAddress('to') };
  const { address, domain } = reading.mailbox;
  if (receivingDomains === null || receivingDomains.includes(domain) || domain === returnPathDomain)
    return { ok: true, value: address };
  return { ok: false, refusal: invalidField('to', `Mail for \`${domain}\` is not received here.`) };
}
