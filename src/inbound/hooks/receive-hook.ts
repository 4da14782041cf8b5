import type { Refusal } from '../../../schemas/error.ts';
import { unavailable, unproved } from '../../../schemas/refusal.ts';
import type { Host } from '../../due/host.ts';
import type { Egress } from '../../net/egress.ts';
import type { Receive, Received } from '../receive.ts';
import { Hold, type Share } from './hold.ts';
import type { HookReading } from './hook-reading.ts';
import { readMailgun } from './mailgun.ts';
import { readPostmark } from './postmark.ts';
import { PROVIDER_ANSWERS } from './provider-answers.ts';
import { readSendgrid } from './sendgrid.ts';
import { readSes } from './ses.ts';
import { SnsSignatures } from './sns-signature.ts';

/** Providers that are somebody's MX and hand over the raw message. */
export type HookSource = 'mailgun' | 'sendgrid' | 'postmark' | 'ses';

/** One call of a provider. The ticket in its URL has been read already: it says whose mail it is. */
export interface HookCall {
  readonly source: HookSource;
  readonly account: string;
  /** The recipient that the ticket is for, whatever the provider says; null: the provider's word counts. */
  readonly to: string | null;
  /** The `Content-Type` of the request, as it came. */
  readonly contentType: string | null;
  /** Its body; one with a `Content-Encoding` has been refused already. Left early when it is too large. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Milliseconds since 1970 UTC. */
  readonly now: number;
}

/** What is answered: as in `http`. Its status is what makes this provider stop, or come again. */
export type HookAnswer = { readonly status: number; readonly body: unknown } | { readonly refusal: Refusal };

export type ReceiveHook = (call: HookCall) => Promise<HookAnswer>;

export interface HookParts {
  readonly receive: Receive;
  /** The way to the provider's certificate, and to its confirmation of a subscription. */
  readonly egress: Egress;
  readonly settings: HookSettings;
  readonly log: Host['log'];
}

export interface HookSettings {
  /** Null: Mailgun's calls are answered 503. */
  readonly mailgunSigningKey: string | null;
  /** Empty: those of Amazon SES are answered 503. */
  readonly sesTopicArns: readonly string[];
  /** INBOUND_MAX_BYTES. */
  readonly maxBytes: number;
  /** Of all mails that are held at once; what finds no room is asked to come again. */
  readonly heldBytes: number;
}

/** Providers repeat by a schedule of their own; this is for whoever reads the answer. */
const RETRY_AFTER_SECONDS = 60;

/** The way of a provider's call: proved, read, and through the one funnel. Nothing is stored of what is not proved. */
export function createReceiveHook({ receive, egress, settings, log }: HookParts): ReceiveHook {
  const signatures = new SnsSignatures(egress);
  const hold = new Hold(settings.heldBytes);
  const read = async (call: HookCall, share: Share): Promise<HookReading> => {
    switch (call.source) {
      case 'mailgun':
        return await readMailgun(call, settings, share);
      case 'sendgrid':
        return await readSendgrid(call, settings, share);
      case 'postmark':
        return await readPostmark(call, settings, share);
      case 'ses':
        return await readSes(call, settings, { egress, signatures });
    }
  };
  return async (call) => {
    const share = hold.open(call.now);
    try {
      const { account, source, to } = call;
      const reading = addressed(await read(call, share), to);
      if (reading.kind !== 'mail') {
        // Nobody else tells the operator that a setting is wrong: the provider only comes again.
        const level = reading.kind === 'done' ? 'info' : 'warn';
        log({ level, event: 'hook_without_mail', account, source, what: reading.kind });
        return answerOf(reading, source);
      }
      const { mail } = reading;
      return receivedAnswer(await receive({ ...mail, account, source, peer: null }), source);
    } finally {
      share.close();
    }
  };
}

/** A ticket for one address is for that address alone. */
function addressed(reading: HookReading, to: string | null): HookReading {
  if (reading.kind !== 'mail') return reading;
  const envelopeTo = to === null ? reading.mail.envelopeTo : [to];
  if (envelopeTo.length === 0) return { kind: 'unreadable', message: 'No recipient is named.' };
  return { kind: 'mail', mail: { ...reading.mail, envelopeTo } };
}

function answerOf(reading: Exclude<HookReading, { kind: 'mail' }>, source: HookSource): HookAnswer {
  switch (reading.kind) {
    case 'done':
      return NOTHING_KEPT;
    case 'unproved':
      return { refusal: unproved() };
    case 'unavailable':
      return { refusal: unavailable(RETRY_AFTER_SECONDS) };
    case 'not_configured':
      return {
        refusal: {
          code: 'unavailable',
          message: `Nothing is taken from here before ${reading.setting} is set.`,
          retryAfterSeconds: RETRY_AFTER_SECONDS,
        },
      };
    case 'unreadable':
      return { refusal: { code: PROVIDER_ANSWERS[source].unreadable, message: reading.message } };
    case 'too_large':
      return { refusal: { code: PROVIDER_ANSWERS[source].refused, message: 'The message is too large.' } };
  }
}

function receivedAnswer(received: Received, source: HookSource): HookAnswer {
  switch (received.kind) {
    case 'kept':
      return {
        status: 200,
        body: { object: 'email', id: received.id, duplicate: received.duplicate },
      };
    case 'dropped':
      return NOTHING_KEPT;
    case 'refused':
      return { refusal: { code: PROVIDER_ANSWERS[source].refused, message: received.message } };
    case 'unavailable':
      return { refusal: received.refusal };
  }
}

/** In order, and no mail of ours: thrown away by a route, or no mail at all. */
const NOTHING_KEPT: HookAnswer = { status: 200, body: { object: 'email', id: null, duplicate: false } };
