import { applyReport } from './apply-report.ts';
import type { ReadMail, SettleArrivalCall } from './arrival-records.ts';
import { failArrival, finishArrival, heldArrival, missArrival, withdrawArrival } from './arrivals.ts';
import type { InboxVerbs } from './inbox-verbs.ts';
import { keepObjects } from './leaving-objects.ts';
import { objectsOf, storeEmails } from './outbox.ts';
import { storeReceivedAttachments } from './received-attachments.ts';
import { boundedHead, foldSubject, writeContents } from './received-contents.ts';
import { tellReceived } from './received-event.ts';
import { envelopeOf, headAt, type ReadFacts, type ReceivedRow } from './received-row.ts';
import { replaceTerms, termsOf } from './received-terms.ts';
import type { Room } from './room.ts';
import { lookedUpAs } from './thread.ts';

type Reading = Extract<SettleArrivalCall['outcome'], { kind: 'read' }>;

/** What came of reading a mail, all or nothing: facts, event, calls, and the mails that pass it on. */
export function settleArrival(
  room: Room,
  { claimId, now, outcome }: SettleArrivalCall,
): ReturnType<InboxVerbs['settleArrival']> {
  return room.sql.transaction((): ReturnType<InboxVerbs['settleArrival']> => {
    const row = heldArrival(room, claimId);
    if (row === null) return 'stale';
    switch (outcome.kind) {
      case 'withdrawn':
        if (outcome.isUnreadable === true) missArrival(room, { row, now });
        else withdrawArrival(room, { row, now });
        return 'settled';
      case 'failed':
        failArrival(room, { row, now });
        return 'settled';
      case 'read':
        return finishReading(room, { row, outcome, now });
    }
  });
}

/** A file that is just being deleted may be gone again: then all of it is read and stored once more, a moment later. */
function finishReading(
  room: Room,
  { row, outcome, now }: { readonly row: ReceivedRow; readonly outcome: Reading; readonly now: number },
): 'settled' | 'stale' {
  const { mail, forwards, body } = outcome;
  const keys = [...objectsIn(mail), ...forwards.flatMap(objectsOf)];
  if (keepObjects(room, { keys, since: row.claimed_at ?? now }) !== null) {
    withdrawArrival(room, { row, now });
    return 'stale';
  }
  const head = boundedHead(mail.head);
  const isReport = isProvenReport(mail);
  storeMail(room, { row, mail: { ...mail, head } });
  finishArrival(room, row);
  const full = body === null ? null : { body, strippedText: mail.strippedText };
  tellReceived(room, { row, head, attachments: mail.attachments, full, isReport, now });
  applyReport(room, { report: mail.report, token: mail.token, now });
  storeEmails(room, { emails: forwards, now });
  return 'settled';
}

function storeMail(room: Room, { row, mail }: { readonly row: ReceivedRow; readonly mail: ReadMail }): void {
  const { sql } = room;
  const { seq, created_at: createdAt } = row;
  const { head, content, strippedText, authentication, auto } = mail;
  const envelopeTo = envelopeOf(row);
  const before = termsOf({ head: headAt(sql, seq), envelopeTo });
  replaceTerms(sql, { seq, createdAt, before, after: termsOf({ head, envelopeTo }) });
  writeContents(sql, {
    seq,
    head,
    facts: { authentication, auto, ...quotedBy(mail) },
    content,
    strippedText,
  });
  storeReceivedAttachments(sql, { seq, attachments: mail.attachments });
  for (const key of objectsIn(mail)) {
    sql.exec('INSERT OR IGNORE INTO received_objects (key, received) VALUES (?, ?)', key, seq);
  }
  sql.exec(
    'UPDATE received SET parse = ?, message_id = ?, subject_folded = ?, is_report = ? WHERE seq = ?',
    mail.parse,
    lookedUpAs(head.messageId),
    foldSubject(head.subject),
    Number(isDeliveryReport(mail)),
    seq,
  );
}

function isProvenReport({ token, report: { kind } }: ReadMail): boolean {
  return token !== null && kind !== 'not_a_report' && kind !== 'auto_reply';
}

/** What became of a mail of ours, which its events tell. A complaint is a person's word, and is kept like one. */
function isDeliveryReport(mail: ReadMail): boolean {
  return isProvenReport(mail) && mail.report.kind !== 'complaint';
}

function quotedBy({ report }: ReadMail): Pick<ReadFacts, 'about'> {
  const messageId = 'original' in report ? report.original.messageId : null;
  return messageId === null ? {} : { about: lookedUpAs(messageId) };
}

function objectsIn({ content, attachments }: ReadMail): readonly string[] {
  const own = content.kind === 'object' ? [content.key] : [];
  return [...new Set([...own, ...attachments.map(({ key }) => key)])];
}
