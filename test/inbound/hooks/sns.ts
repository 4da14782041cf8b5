import { createEgress } from '../../../src/net/create-egress.ts';
import type { EgressDriver } from '../../../src/net/driver.ts';
import type { Egress } from '../../../src/net/egress.ts';
import { policyOf } from '../../net/judged.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { NOW } from './payloads.ts';
import type { Signer } from './signer.ts';

export const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:mail-in';
export const CERT_URL =
  'https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem';
export const SUBSCRIBE_URL = `https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=2336412f37`;

type Message = Readonly<Record<string, string>>;

/** What is signed, as the documentation of SNS has it: sorted by name, a name and its value on a line each. */
const SIGNED_NAMES = [
  'Message',
  'MessageId',
  'SubscribeURL',
  'Subject',
  'Timestamp',
  'Token',
  'TopicArn',
  'Type',
];

export async function signed(message: Message, signer: Signer): Promise<Message> {
  const isMail = message['Type'] === 'Notification';
  const names = SIGNED_NAMES.filter(
    (name) => name in message && !(isMail && /^(?:SubscribeURL|Token)$/.test(name)),
  );
  const text = names.map((name) => `${name}\n${message[name]}\n`).join('');
  const signature = await signer.sign(message['SignatureVersion'] === '2' ? '2' : '1', text);
  return { ...message, Signature: signature };
}

export function notification(message: string, changed: Message = {}): Message {
  return {
    Type: 'Notification',
    MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
    TopicArn: TOPIC,
    Subject: 'Amazon SES Email Receipt Notification',
    Message: message,
    Timestamp: new Date(NOW - 60_000).toISOString(),
    SignatureVersion: '2',
    SigningCertURL: CERT_URL,
    UnsubscribeURL: 'https://sns.eu-central-1.amazonaws.com/?Action=Unsubscribe',
    ...changed,
  };
}

export function confirmation(changed: Message = {}): Message {
  return {
    Type: 'SubscriptionConfirmation',
    MessageId: '165545c9-2a5c-472c-8df2-7ff2be2b3b1b',
    Token: '2336412f37',
    TopicArn: TOPIC,
    Message: `You have chosen to subscribe to the topic ${TOPIC}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`,
    SubscribeURL: SUBSCRIBE_URL,
    Timestamp: new Date(NOW - 1_000).toISOString(),
    SignatureVersion: '1',
    SigningCertURL: CERT_URL,
    ...changed,
  };
}

/** What SES says of a mail, in the message of a notification. */
export function sesReceived(raw: Uint8Array, encoding: 'BASE64' | 'UTF8' | null, more: object = {}): string {
  return JSON.stringify({
    notificationType: 'Received',
    mail: {
      timestamp: '2025-12-31T23:59:00.000Z',
      source: 'bounces+7@sender.example',
      messageId: 'd6iitobk75ur44p8kdnnp7g2n800',
      destination: ['desk@shop.example', 'other@elsewhere.example'],
      headersTruncated: false,
    },
    receipt: {
      timestamp: '2025-12-31T23:59:00.000Z',
      recipients: ['desk@shop.example'],
      spamVerdict: { status: 'PASS' },
      action: { type: 'SNS', topicArn: TOPIC, ...(encoding === null ? {} : { encoding }) },
    },
    content: encoding === 'BASE64' ? Buffer.from(raw).toString('base64') : Buffer.from(raw).toString('utf8'),
    ...more,
  });
}

export interface SnsStage {
  readonly egress: Egress;
  /** Every request that went out. */
  readonly visited: string[];
}

/** The egress as it is, with a world behind it in which only these URLs answer. */
export function snsStage(pages: Readonly<Record<string, string>>): SnsStage {
  const visited: string[] = [];
  const exchange: EgressDriver['exchange'] = async ({ target }) => {
    visited.push(target.url);
    const page = pages[target.url];
    return {
      ok: true,
      status: page === undefined ? 404 : 200,
      headers: new Map(),
      body: bodyOf(page ?? 'not found'),
      close: () => undefined,
    };
  };
  const resolve: EgressDriver['resolve'] = async () => ({ ok: true, addresses: ['93.184.216.34'] });
  const driver = { resolve, exchange };
  const egress = createEgress({ policy: policyOf(''), driver, after: createManualClock().after });
  return { egress, visited };
}

async function* bodyOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
