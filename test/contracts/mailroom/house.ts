import type { SmtpReply } from '../../../schemas/delivery.ts';
import type {
  AcceptCall,
  Accepted,
  ClaimCall,
  Door,
  Mailroom,
  MailroomConfig,
} from '../../../src/mailroom/mailroom.ts';
import { openMailroom } from '../../../src/mailroom/open.ts';
import type {
  Claim,
  EmailRecord,
  EventRecord,
  GivenMailbox,
  NewEmail,
  Outcome,
  RecipientRecord,
} from '../../../src/mailroom/records.ts';
import type { Sql } from '../../../src/mailroom/sql.ts';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** Any moment will do; this one is round in every unit. */
export const START = Date.UTC(2026, 2, 1, 12);
export const LEASE_MS = 21 * MINUTE;

export const CONFIG: MailroomConfig = {
  relays: ['first', 'second'],
  clearRelays: [],
  domains: null,
  rateLimit: 0,
  unknownPolicy: 'once',
  maxAgeMs: 48 * HOUR,
  retentionMs: 30 * DAY,
  eventRetentionMs: 30 * DAY,
  inboundRetentionMs: null,
};

export const OPERATOR: Door = { credential: { kind: 'operator' }, scope: 'sending' };
export const COMPOSED = { version: 1, sha256: 'ab'.repeat(32), size: 4711 };

/** A room with a clock that is told the time, ids that count up, and dice that always show the middle. */
export class House {
  now = START;
  dice = 0.5;
  readonly sql: Sql;
  config: MailroomConfig;
  room: Mailroom;
  #ids = 0;

  constructor(sql: Sql, config: Partial<MailroomConfig> = {}) {
    this.sql = sql;
    this.config = { ...CONFIG, ...config };
    this.room = this.reopened();
  }

  /** As after a crash: what was only in memory is gone. */
  reopened(config: Partial<MailroomConfig> = {}): Mailroom {
    this.config = { ...this.config, ...config };
    this.room = openMailroom({
      sql: this.sql,
      config: this.config,
      newId: this.newId,
      random: () => this.dice,
    });
    return this.room;
  }

  newId = (): string => {
    this.#ids += 1;
    return `00000000-0000-7000-8000-${this.#ids.toString(16).padStart(12, '0')}`;
  };

  email(recipients: readonly string[] = ['ann@example.org'], change: Partial<NewEmail> = {}): NewEmail {
    const id = change.id ?? this.newId();
    return {
      id,
      messageId: `<${id}@mine.example>`,
      boundary: 'boundary',
      from: mailbox('sender@mine.example'),
      sender: 'sender@mine.example',
      fromDomain: 'mine.example',
      to: recipients.map(mailbox),
      cc: null,
      bcc: null,
      replyTo: null,
      subject: 'Hello',
      headers: [],
      tags: null,
      scheduledAt: null,
      tls: null,
      content: { kind: 'inline', html: null, text: 'Hello' },
      envelope: recipients.map((address) => ({ address, simulation: null })),
      attachments: [],
      objects: [],
      ...change,
    };
  }

  send(items: readonly (NewEmail | AcceptCall['items'][number])[], call: Partial<AcceptCall> = {}): Accepted {
    const wrapped = items.map((item) => ('kind' in item ? item : ({ kind: 'email', email: item } as const)));
    return this.room.accept({ door: OPERATOR, mode: 'single', items: wrapped, now: this.now, ...call });
  }

  /** Accepts one mail and answers its id. */
  accepted(recipients?: readonly string[], change?: Partial<NewEmail>): string {
    const email = this.email(recipients, change);
    const answer = this.send([email]);
    if (answer.kind !== 'accepted') throw new Error(`Not accepted: ${JSON.stringify(answer)}`);
    return email.id;
  }

  claims(call: Partial<ClaimCall> = {}): readonly Claim[] {
    const standard = {
      now: this.now,
      relay: 'first',
      unbound: true,
      insteadOf: [],
      limit: 10,
      leaseMs: LEASE_MS,
    };
    return this.room.claim({ ...standard, ...call });
  }

  /** Claims the one mail that is due. */
  claimed(call: Partial<ClaimCall> = {}): Claim {
    const claims = this.claims(call);
    const [claim] = claims;
    if (claim === undefined || claims.length !== 1) throw new Error(`${claims.length} claims`);
    return claim;
  }

  dot({ attemptId, recipients }: Claim, composed = COMPOSED): boolean {
    const ordinals = recipients.map(({ ordinal }) => ordinal);
    return this.room.markDot({ attemptId, recipients: ordinals, now: this.now, composed });
  }

  /** Settles every recipient of a claim alike. */
  settle({ attemptId, recipients }: Claim, outcome: Outcome): 'settled' | 'stale' {
    const outcomes = recipients.map(({ ordinal }) => ({ recipient: ordinal, outcome }));
    return this.room.settle({ attemptId, now: this.now, outcomes });
  }

  read(id: string): EmailRecord {
    const email = this.room.email({ id });
    if (email === null) throw new Error(`No email ${id}`);
    return email;
  }

  recipient(id: string, ordinal = 0): RecipientRecord {
    const recipient = this.read(id).recipients[ordinal];
    if (recipient === undefined) throw new Error(`No recipient ${ordinal} in ${id}`);
    return recipient;
  }

  /** Oldest first. */
  events(id: string): readonly EventRecord[] {
    const page = this.room.emailEvents({ id, page: { limit: 1000, after: null, before: null } });
    if (!page.ok) throw new Error(page.refusal.message);
    return page.value.items.toReversed();
  }

  eventTypes(id: string): readonly string[] {
    return this.events(id).map(({ type }) => type.replace('email.', ''));
  }
}

export function mailbox(address: string): GivenMailbox {
  return { name: '', address, given: address };
}

export function reply(response: string): SmtpReply {
  const [code = '', enhanced = ''] = response.split(' ');
  return {
    code: Number(code),
    enhancedCode: /^\d\.\d+\.\d+$/.test(enhanced) ? enhanced : null,
    response,
    remoteHost: 'mx.example.org',
    tls: 'TLSv1.3',
  };
}

export const SENT: Outcome = { kind: 'sent', smtp: reply('250 2.0.0 Ok: queued as 4711') };

export function deferred(
  response: string | null,
  change: Partial<Extract<Outcome, { kind: 'deferred' }>> = {},
): Outcome {
  return {
    kind: 'deferred',
    phase: response === null ? 'connect' : 'rcpt',
    cause: response === null ? 'network' : 'temporary',
    smtp: response === null ? null : reply(response),
    greylisted: false,
    elsewhere: false,
    ...change,
  };
}

export function bounced(
  response: string,
  change: Partial<Extract<Outcome, { kind: 'failed' }>> = {},
): Outcome {
  const smtp = reply(response);
  return {
    kind: 'failed',
    phase: 'rcpt',
    reason: 'user_unknown',
    smtp,
    bounce: {
      type: 'Permanent',
      subType: 'NoEmail',
      message: response,
      diagnosticCode: [`smtp; ${response}`],
    },
    suppress: false,
    ...change,
  };
}

export function ownFailure(reason: string): Outcome {
  return { kind: 'failed', phase: 'mail', reason, smtp: null, bounce: null, suppress: false };
}

export function back(change: Partial<Extract<Outcome, { kind: 'back' }>> = {}): Outcome {
  return {
    kind: 'back',
    phase: 'auth',
    cause: 'credentials',
    retryInMs: 10 * MINUTE,
    elsewhere: false,
    ...change,
  };
}

export const LOST: Outcome = { kind: 'unknown', cause: 'closed' };
