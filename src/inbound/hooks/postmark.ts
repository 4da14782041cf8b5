import type { Share } from './hold.ts';
import { bareAddress, type HookReading } from './hook-reading.ts';
import { MemberReader } from './members.ts';
import { readFields } from './read-fields.ts';
import type { HookCall, HookSettings } from './receive-hook.ts';

/** The raw message with its line ends as escapes, and once more in pieces: text, HTML, and files in base64. */
const JSON_OVERHEAD = 4;
const MEMBERS_BYTES = 4 * 1024 * 1024;

const NOT_RAW =
  'There is no `RawEmail`: turn on "Include raw email content in JSON payload" in the inbound stream of Postmark.';

/**
 * The inbound webhook with the raw option. The ticket proves it. Postmark does not tell the envelope's sender: its `From` is
 * the header's.
 */
export async function readPostmark(
  call: Pick<HookCall, 'body'>,
  { maxBytes }: HookSettings,
  share: Share,
): Promise<HookReading> {
  const object = await readFields(call.body, (events) => new MemberReader(events), {
    content: 'RawEmail',
    values: ['OriginalRecipient', 'MessageID'],
    maxBytes,
    share,
    maxBodyBytes: JSON_OVERHEAD * maxBytes + MEMBERS_BYTES,
  });
  if (object.kind === 'too_large' || object.kind === 'unavailable') return object;
  if (object.kind === 'malformed') return { kind: 'unreadable', message: 'A JSON object is expected.' };
  const { values, content } = object;
  if (content === null) return { kind: 'unreadable', message: NOT_RAW };
  const recipient = bareAddress(values.get('OriginalRecipient')?.[0] ?? '');
  const id = values.get('MessageID')?.[0];
  return {
    kind: 'mail',
    mail: {
      envelopeFrom: null,
      envelopeTo: recipient === '' ? [] : [recipient],
      deliveryId: id ? `${id} ${recipient}` : null,
      raw: content.release(),
    },
  };
}
