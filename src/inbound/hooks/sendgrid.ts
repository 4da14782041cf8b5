import type { Share } from './hold.ts';
import { bareAddress, type HookReading } from './hook-reading.ts';
import { parsedJson, textAt, textsAt } from './json-at.ts';
import { formBoundary, MultipartReader } from './multipart.ts';
import { readFields } from './read-fields.ts';
import type { HookCall, HookSettings } from './receive-hook.ts';

/** The other fields, of which the longest are the results of its checks. */
const FIELDS_BYTES = 4 * 1024 * 1024;

const NOT_RAW =
  'There is no `email`: turn on "POST the raw, full MIME message" in the Inbound Parse settings of SendGrid.';

/** Inbound Parse with the raw option: a form with the message in `email` and the envelope as JSON. The ticket proves it. */
export async function readSendgrid(
  call: Pick<HookCall, 'contentType' | 'body'>,
  { maxBytes }: HookSettings,
  share: Share,
): Promise<HookReading> {
  const boundary = formBoundary(call.contentType ?? '');
  if (boundary === null) return { kind: 'unreadable', message: 'A multipart/form-data is expected.' };
  const form = await readFields(call.body, (events) => new MultipartReader(events, boundary), {
    content: 'email',
    values: ['envelope'],
    maxBytes,
    share,
    maxBodyBytes: maxBytes + FIELDS_BYTES,
  });
  if (form.kind === 'too_large' || form.kind === 'unavailable') return form;
  if (form.kind === 'malformed') return { kind: 'unreadable', message: 'The form is not well-formed.' };
  if (form.content === null) return { kind: 'unreadable', message: NOT_RAW };
  const envelopes = form.values.get('envelope') ?? [];
  const envelope = envelopeIn(envelopes[0] ?? '');
  // SendGrid's boundary is the same every time: a mail that holds it can add fields of its own, but cannot take SendGrid's away.
  if (envelope === null || envelopes.length > 1 || form.isRepeated)
    return { kind: 'unreadable', message: 'One `email` and one `envelope` are expected.' };
  return {
    kind: 'mail',
    mail: {
      envelopeFrom: bareAddress(envelope.from),
      envelopeTo: envelope.to.map(bareAddress),
      // SendGrid names no delivery: a repeated one has the same bytes for the same envelope.
      deliveryId: null,
      raw: form.content.release(),
    },
  };
}

interface Envelope {
  readonly from: string;
  readonly to: readonly string[];
}

function envelopeIn(json: string): Envelope | null {
  const value = parsedJson(json);
  const from = textAt(value, 'from');
  const to = textsAt(value, 'to');
  return from === null || to === null ? null : { from, to };
}
