import type { Report } from '../mime/report-shape.ts';
import type { ReturnPathReading } from '../mime/return-path.ts';
import { applyStep, type Subject } from './apply.ts';
import { eventMailAt } from './emails.ts';
import { writeEvent } from './events.ts';
import { type RecipientRow, standpointOf } from './recipient-row.ts';
import type { Feedback } from './records.ts';
import { effectOf, type ReportEffect } from './report-effect.ts';
import type { Room } from './room.ts';
import { type Step, type StepEvent, stepEvent, still } from './step.ts';
import { addLasting } from './suppressions.ts';

export interface ApplyReportCall {
  readonly report: Report;
  /** Our return path, as it was read from where the report came to. Null: nobody proves that it is about a mail of ours. */
  readonly token: ReturnPathReading | null;
  readonly now: number;
}

/** How far a recipient has come. What is not worse than what is known is no news: the same report twice is one event. */
const RANK: Readonly<Record<Feedback, number>> = {
  delivered: 1,
  opened: 1,
  clicked: 1,
  bounced: 2,
  complained: 3,
};

/**
 * What a received report does to the recipient of ours that it is about (delivery.md section 16). Runs inside the
 * transaction that settles the arrival.
 *
 * Only our own signed return path says which one that is. Without it nothing is done, whatever Message-ID the report quotes:
 * anybody can write one. The received mail itself is then the record of it.
 */
export function applyReport(room: Room, { report, token, now }: ApplyReportCall): void {
  const row = token === null ? null : recipientOf(room, token);
  const effect = row === null ? null : effectOf({ report, address: row.address });
  if (row === null || effect === null) return;
  const subject = { row, mail: eventMailAt({ sql: room.sql, seq: row.email }) };
  if (isInDoubt(row)) settleDoubt(room, { subject, effect, now });
  else recordBeside(room, { subject, effect, now });
}

/** The range holds one mail of this account, or another account's or none. Of two, nobody can say which. */
function recipientOf({ sql }: Room, { firstId, lastId, ordinal }: ReturnPathReading): RecipientRow | null {
  const mails = sql.exec<{ seq: number }>(
    'SELECT seq FROM emails WHERE id BETWEEN ? AND ? LIMIT 2',
    firstId,
    lastId,
  );
  const [mail] = mails;
  if (mail === undefined || mails.length > 1) return null;
  const [row] = sql.exec<RecipientRow>(
    'SELECT * FROM recipients WHERE email = ? AND ordinal = ?',
    mail.seq,
    ordinal,
  );
  return row ?? null;
}

/** Whether a reply to the dot was lost, and no dot of a second attempt is on its way. */
function isInDoubt(row: RecipientRow): boolean {
  return (row.before ?? row.state) === 'unknown' && row.phase !== 'dot';
}

interface Change {
  readonly subject: Subject;
  readonly effect: ReportEffect;
  readonly now: number;
}

/** Transition 19. What waited for its one retry is not sent again, and an attempt that was about to begin is disowned. */
function settleDoubt(room: Room, { subject, effect, now }: Change): void {
  const { row } = subject;
  const stood = standpointOf(row);
  const from = { ...stood, attempts: stood.attempts - (row.lease_until === null ? 0 : 1) };
  const events = eventsOf(row, effect);
  const proof = effect.kind === 'complained' ? 'complaint' : 'delivery_report';
  const step: Step =
    effect.kind === 'bounced'
      ? { ...still(from), state: 'failed', bounced: true, reason: effect.reason, smtp: effect.smtp, events }
      : {
          ...still(from),
          state: 'sent',
          reason: null,
          delayed: from.delayed || effect.kind === 'delayed',
          feedback: feedbackOf(effect),
          events: [stepEvent({ type: 'email.sent', reason: proof }), ...events],
        };
  applyStep(room, { subject, step, pinned: false, now });
  suppressFor(room, { subject, effect, now });
}

/** Beside the state: what was sent stays sent, and nothing goes back into the queue. */
function recordBeside(room: Room, { subject, effect, now }: Change): void {
  const { row, mail } = subject;
  const events = eventsOf(row, effect);
  if (events.length === 0) return;
  const smtp = effect.kind === 'bounced' ? effect.smtp : null;
  room.sql.exec(
    'UPDATE recipients SET feedback = ?, delayed = ?, reason = ?, smtp = ? WHERE email = ? AND ordinal = ?',
    feedbackOf(effect) ?? row.feedback,
    effect.kind === 'delayed' ? 1 : row.delayed,
    effect.kind === 'bounced' ? effect.reason : row.reason,
    smtp === null ? row.smtp : JSON.stringify(smtp),
    row.email,
    row.ordinal,
  );
  const maybeDuplicate = row.maybe_duplicate === 1;
  const about = { mail, recipient: row.address, attempt: row.attempts, relay: row.relay, maybeDuplicate };
  for (const event of events) writeEvent(room, { about, event, nextAttemptAt: row.due_at, now });
  suppressFor(room, { subject, effect, now });
}

/** None when it is known already, or something worse is: ten thousand bounces of one mail count once. */
function eventsOf(row: RecipientRow, effect: ReportEffect): readonly StepEvent[] {
  const feedback = feedbackOf(effect);
  const known = Math.max(
    row.bounced === 1 ? RANK.bounced : 0,
    row.feedback === null ? 0 : RANK[row.feedback],
  );
  const isNews = feedback === null ? known === 0 && row.delayed === 0 : RANK[feedback] > known;
  if (!isNews) return [];
  switch (effect.kind) {
    case 'bounced': {
      const { smtp, reason, bounce } = effect;
      return [stepEvent({ type: 'email.bounced', smtp, reason, bounce })];
    }
    case 'delivered':
      return [stepEvent({ type: 'email.delivered', smtp: effect.smtp })];
    case 'delayed':
      return [stepEvent({ type: 'email.delivery_delayed', smtp: effect.smtp, reason: effect.reason })];
    case 'complained':
      return [stepEvent({ type: 'email.complained' })];
    case 'taken':
      return [];
  }
}

function feedbackOf({ kind }: ReportEffect): Feedback | null {
  return kind === 'delayed' || kind === 'taken' ? null : kind;
}

function suppressFor(room: Room, { subject: { row, mail }, effect, now }: Change): void {
  const isHard = effect.kind === 'bounced' && effect.suppress;
  if (!isHard && effect.kind !== 'complained') return;
  const origin = isHard ? 'bounce' : 'complaint';
  const entry = {
    id: room.newId(),
    address: row.address,
    note: null,
    origin,
    sourceId: mail.id,
  } as const;
  addLasting(room, { entry, now });
}
