import type { Share } from './hold.ts';
import { addressList, bareAddress, type HookReading } from './hook-reading.ts';
import { formBoundary, MultipartReader } from './multipart.ts';
import { type FieldEvents, type FieldReader, readFields, type Values } from './read-fields.ts';
import type { HookCall, HookSettings } from './receive-hook.ts';
import { UrlencodedReader } from './urlencoded.ts';

/** How far Mailgun's clock may be from ours, both ways: what is older could be a recording. */
const TOLERANCE_SECONDS = 300;
const TIMESTAMP = /^[0-9]{1,12}$/;
/** Fifty characters, says Mailgun. What is signed is time and token, one behind the other: to move a digit is to move the time. */
const TOKEN = /^[\x21-\x7e]{1,256}$/;
const SIGNATURE = /^[0-9a-f]{64}$/i;
/** An escape is three characters for a byte; the header comes once more, as fields. */
const FORM_OVERHEAD = 3;
const FIELDS_BYTES = 4 * 1024 * 1024;

const NOT_RAW =
  'There is no `body-mime`: the URL of the route must end in `mime`, so that Mailgun posts the raw message.';

/**
 * A route's `forward()` to a URL that ends in `mime`: a form with the raw message in `body-mime`, and a signature over the time
 * and a token. The signature does not cover the mail: it proves the sender of the form, over TLS.
 */
export async function readMailgun(
  call: Pick<HookCall, 'contentType' | 'body' | 'now'>,
  settings: HookSettings,
  share: Share,
): Promise<HookReading> {
  const { mailgunSigningKey: key, maxBytes } = settings;
  if (key === null) return { kind: 'not_configured', setting: 'MAILGUN_SIGNING_KEY' };
  const reader = formReader(call.contentType);
  if (reader === null) return { kind: 'unreadable', message: 'A form is expected.' };
  const form = await readFields(call.body, reader, {
    content: 'body-mime',
    values: ['timestamp', 'token', 'signature', 'sender', 'recipient'],
    maxBytes,
    share,
    maxBodyBytes: FORM_OVERHEAD * maxBytes + FIELDS_BYTES,
  });
  if (form.kind === 'too_large' || form.kind === 'unavailable') return form;
  if (form.kind === 'malformed') return { kind: 'unreadable', message: 'The form is not well-formed.' };
  const { values, content } = form;
  const token = await provedToken(values, key, call.now);
  if (token === null) return { kind: 'unproved' };
  if (content === null) return { kind: 'unreadable', message: NOT_RAW };
  // The header of the mail comes as fields too, behind Mailgun's own: of two, the first is Mailgun's.
  const sender = values.get('sender')?.[0];
  return {
    kind: 'mail',
    mail: {
      envelopeFrom: sender === undefined ? null : bareAddress(sender),
      envelopeTo: addressList(values.get('recipient')?.[0] ?? ''),
      deliveryId: token,
      raw: content.release(),
    },
  };
}

function formReader(contentType: string | null): ((events: FieldEvents) => FieldReader) | null {
  const type = contentType ?? '';
  if (/^\s*application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type))
    return (events) => new UrlencodedReader(events);
  const boundary = formBoundary(type);
  return boundary === null ? null : (events) => new MultipartReader(events, boundary);
}

/** The token, once it is proved; null otherwise. These fields come last: a header of the mail by that name stands before them. */
async function provedToken(values: Values, key: string, now: number): Promise<string | null> {
  const [timestamp = '', token = '', signature = ''] = ['timestamp', 'token', 'signature'].map(
    (name) => values.get(name)?.at(-1)?.trim() ?? '',
  );
  if (!TIMESTAMP.test(timestamp) || !TOKEN.test(token) || !SIGNATURE.test(signature)) return null;
  if (Math.abs(Number(timestamp) - now / 1000) > TOLERANCE_SECONDS) return null;
  const text = new TextEncoder();
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await crypto.subtle.importKey('raw', text.encode(key), algorithm, false, ['verify']);
  const given = Uint8Array.from(signature.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
  // Compares in constant time.
  const isRight = await crypto.subtle.verify('HMAC', imported, given, text.encode(timestamp + token));
  return isRight ? token : null;
}
