import { parsedJson, textAt } from './json-at.ts';

/** A message of Amazon SNS as it is posted: nothing in it is true before its signature is verified. */
export interface SnsMessage {
  readonly type: 'Notification' | 'SubscriptionConfirmation' | 'UnsubscribeConfirmation';
  readonly messageId: string;
  readonly topicArn: string;
  readonly message: string;
  /** Milliseconds since 1970 UTC. */
  readonly timestamp: number;
  /** Null but for the two confirmations. */
  readonly subscribeUrl: string | null;
  readonly signatureVersion: '1' | '2';
  /** Base64. */
  readonly signature: string;
  readonly signingCertUrl: string;
  /** What is signed. */
  readonly signed: string;
}

/** Names and values in this order, each on a line of its own; a notification's subject only when it has one. */
const SIGNED = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  SubscriptionConfirmation: [
    'Message',
    'MessageId',
    'SubscribeURL',
    'Timestamp',
    'Token',
    'TopicArn',
    'Type',
  ],
  UnsubscribeConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
} as const;

/** Null when something is missing that every message has: then it is none, or one that was stripped of its proof. */
export function readSnsMessage(json: string): SnsMessage | null {
  const value = parsedJson(json);
  const text = (name: string): string | null => textAt(value, name);
  const type = text('Type');
  if (type === null || !isType(type)) return null;
  const signatureVersion = text('SignatureVersion');
  if (signatureVersion !== '1' && signatureVersion !== '2') return null;
  const [messageId, topicArn, message] = [text('MessageId'), text('TopicArn'), text('Message')];
  const [signature, signingCertUrl, time] = [text('Signature'), text('SigningCertURL'), text('Timestamp')];
  if (messageId === null || topicArn === null || message === null) return null;
  if (signature === null || signingCertUrl === null || time === null) return null;
  const timestamp = Date.parse(time);
  const lines: string[] = [];
  for (const name of SIGNED[type]) {
    const line = text(name);
    if (line !== null) lines.push(name, line);
    else if (name !== 'Subject') return null;
  }
  if (Number.isNaN(timestamp)) return null;
  return {
    type,
    messageId,
    topicArn,
    message,
    timestamp,
    subscribeUrl: text('SubscribeURL'),
    signatureVersion,
    signature,
    signingCertUrl,
    signed: `${lines.join('\n')}\n`,
  };
}

function isType(type: string): type is SnsMessage['type'] {
  return Object.hasOwn(SIGNED, type);
}
