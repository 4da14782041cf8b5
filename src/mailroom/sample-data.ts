import { FIRED_TYPES, type FiredType, type WebhookType } from '../../schemas/webhook-type.ts';

/** Addresses and names that nobody has (RFC 2606). */
const SENDER = 'Acme <hello@example.com>';
const RECIPIENT = 'ada@example.net';

/** The type a test is of when none is asked for: the first that the webhook wants and that there is. */
export function defaultSample(types: readonly WebhookType[]): FiredType {
  return FIRED_TYPES.find((type) => types.includes(type)) ?? 'email.sent';
}

/** A made-up `data` for every type, with the keys of a real one. */
export function sampleData({
  type,
  id,
  now,
  includeBody,
}: {
  readonly type: FiredType;
  readonly id: string;
  readonly now: number;
  /** With what webhooks get that asked for text and files. */
  readonly includeBody: boolean;
}): Readonly<Record<string, unknown>> {
  const at = new Date(now).toISOString();
  switch (type) {
    case 'domain.created':
    case 'domain.updated':
    case 'domain.deleted':
      return domainSample(id, at);
    case 'suppression.added':
    case 'suppression.removed':
      return { id, email: RECIPIENT, origin: 'bounce', source_id: null, created_at: at };
    case 'email.received':
      return includeBody ? { ...receivedSample(id, at), ...bodySample(now) } : receivedSample(id, at);
    default:
      return {
        email_id: id,
        message_id: `<${id}@example.com>`,
        created_at: at,
        from: SENDER,
        to: [RECIPIENT],
        subject: 'A test of your webhook',
        tags: { category: 'test' },
        ...detailSample(type, at),
        recipient: RECIPIENT,
      };
  }
}

function detailSample(type: FiredType, timestamp: string): object {
  const visit = { ipAddress: '192.0.2.1', timestamp, userAgent: 'Sample/1.0' };
  const smtp = (response: string): object => {
    const [code = '', enhanced = ''] = response.split(' ');
    return {
      smtp: {
        code: Number(code),
        enhanced_code: enhanced,
        response,
        remote_host: 'mx.example.net',
        tls: 'TLSv1.3',
      },
    };
  };
  switch (type) {
    case 'email.sent':
    case 'email.delivered':
      return smtp('250 2.0.0 Ok');
    case 'email.delivery_delayed':
      return smtp('451 4.3.0 Try again later');
    case 'email.bounced': {
      const response = '550 5.1.1 User unknown';
      const diagnosticCode = [`smtp; ${response}`];
      const bounce = { type: 'Permanent', subType: 'NoEmail', message: response, diagnosticCode };
      return { bounce, ...smtp(response) };
    }
    case 'email.failed':
      return { failed: { reason: 'content_missing' } };
    case 'email.suppressed': {
      const message = 'The address is on the suppression list of the account.';
      const reason = 'previous_bounce';
      return { suppressed: { type: 'OnAccountSuppressionList', message, reason, diagnosticCode: [] } };
    }
    case 'email.opened':
      return { open: visit };
    case 'email.clicked':
      return { click: { ...visit, link: 'https://example.com/' } };
    default:
      return {};
  }
}

function receivedSample(id: string, at: string): Readonly<Record<string, unknown>> {
  return {
    email_id: id,
    created_at: at,
    from: RECIPIENT,
    to: ['support@example.com'],
    cc: [],
    bcc: [],
    received_for: ['support@example.com'],
    message_id: `<${id}@example.net>`,
    subject: 'A test of your webhook',
    attachments: [],
  };
}

/** Its links lead nowhere: there is no such mail. */
function bodySample(now: number): Readonly<Record<string, unknown>> {
  return {
    text: 'A test of your webhook',
    html: null,
    headers: { subject: 'A test of your webhook' },
    in_reply_to: null,
    references: [],
    stripped_text: 'A test of your webhook',
    mailbox_hash: null,
    raw: { download_url: 'https://example.com/raw', expires_at: new Date(now).toISOString() },
  };
}

function domainSample(id: string, at: string): Readonly<Record<string, unknown>> {
  return {
    id,
    name: 'example.com',
    status: 'verified',
    created_at: at,
    region: 'us-east-1',
    capabilities: { sending: 'enabled', receiving: 'disabled' },
    records: [],
  };
}
