import { Base64Decoder } from '../../mime/base64-decoder.ts';
import { concatenated } from '../../mime/bytes.ts';
import type { Egress } from '../../net/egress.ts';
import { bareAddress, type HookReading } from './hook-reading.ts';
import { parsedJson, textAt, textsAt } from './json-at.ts';
import type { HookCall, HookSettings } from './receive-hook.ts';
import { fetchFromSns, isSnsUrl } from './sns-fetch.ts';
import { readSnsMessage, type SnsMessage } from './sns-message.ts';
import type { SnsSignatures } from './sns-signature.ts';

/** A message of SNS has at most 256 KiB; its quotes and line ends come as escapes, twice. */
const MAX_BODY_BYTES = 2 * 1024 * 1024;
const MAX_CONFIRMATION_BYTES = 64 * 1024;
/** SNS repeats for an hour and keeps the time of the first try. Twice the same within 48 h is one mail, so what is older than this may not come again. */
const MAX_AGE_MS = 24 * 3_600_000;
const MAX_AHEAD_MS = 300_000;

const NOT_RAW =
  'There is no `content`: the receipt rule needs an SNS action, not only the topic of another action.';

export interface SesParts {
  readonly egress: Egress;
  readonly signatures: SnsSignatures;
}

/**
 * Mail that Amazon SES received and an SNS action published, up to 150 kB. Base64 is the encoding to choose there: in UTF-8 a mail
 * of another charset comes damaged.
 */
export async function readSes(
  call: Pick<HookCall, 'body' | 'now'>,
  settings: HookSettings,
  parts: SesParts,
): Promise<HookReading> {
  const { sesTopicArns } = settings;
  if (sesTopicArns.length === 0) return { kind: 'not_configured', setting: 'SES_TOPIC_ARNS' };
  const text = await wholeText(call.body);
  if (text === null) return { kind: 'too_large' };
  const message = readSnsMessage(text);
  if (message === null || !sesTopicArns.includes(message.topicArn)) return { kind: 'unproved' };
  const age = call.now - message.timestamp;
  if (age > MAX_AGE_MS || age < -MAX_AHEAD_MS) return { kind: 'unproved' };
  const verdict = await parts.signatures.judge(message, call.now);
  if (verdict === 'unavailable') return { kind: 'unavailable' };
  if (verdict === 'wrong') return { kind: 'unproved' };
  switch (message.type) {
    case 'Notification':
      return readNotification(message);
    case 'SubscriptionConfirmation':
      return await confirm(message, parts.egress);
    case 'UnsubscribeConfirmation':
      return { kind: 'done' }; // somebody wanted it to end; to visit its URL would be to subscribe again
  }
}

function readNotification({ message, messageId }: SnsMessage): HookReading {
  const value = parsedJson(message);
  const content = textAt(value, 'content');
  const source = textAt(value, 'mail', 'source');
  if (content === null || textAt(value, 'notificationType') !== 'Received')
    return { kind: 'unreadable', message: NOT_RAW };
  const isBase64 = textAt(value, 'receipt', 'action', 'encoding')?.toLowerCase() === 'base64';
  return {
    kind: 'mail',
    mail: {
      envelopeFrom: source === null ? null : bareAddress(source),
      envelopeTo: (textsAt(value, 'receipt', 'recipients') ?? []).map(bareAddress),
      // The same over all tries of SNS. The id that SES gave the mail is also the same in the notification of another rule,
      // which is for other recipients: two of that id are not one delivery.
      deliveryId: messageId,
      raw: once(isBase64 ? base64Bytes(content) : new TextEncoder().encode(content)),
    },
  };
}

/** Only for a topic of SES_TOPIC_ARNS: whoever else signs up this URL is never confirmed. */
async function confirm({ subscribeUrl }: SnsMessage, egress: Egress): Promise<HookReading> {
  if (subscribeUrl === null || !isSnsUrl(subscribeUrl)) return { kind: 'unproved' };
  const answer = await fetchFromSns(egress, { url: subscribeUrl, maxBytes: MAX_CONFIRMATION_BYTES });
  return answer === null ? { kind: 'unavailable' } : { kind: 'done' };
}

/** Null when it is too long. One that broke off is a shorter text, and no message. */
async function wholeText(body: AsyncIterable<Uint8Array>): Promise<string | null> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const piece of body) {
      size += piece.length;
      if (size > MAX_BODY_BYTES) return null;
      pieces.push(piece);
    }
  } catch {
    return '';
  }
  return new TextDecoder().decode(concatenated(pieces));
}

function base64Bytes(text: string): Uint8Array {
  const decoder = new Base64Decoder();
  return concatenated([decoder.decode(new TextEncoder().encode(text)), decoder.end()]);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
