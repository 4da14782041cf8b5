import type { AutoFacts } from '../mime/parsed.ts';
import type { InboundPeer } from './arrival-records.ts';
import type { Routing } from './match-route.ts';
import type {
  Authentication,
  InboundSource,
  ReceivedAttachmentRecord,
  ReceivedHead,
  ReceivedRecord,
} from './received-records.ts';
import type { Sql } from './sql.ts';

export type ReceivedRow = {
  seq: number;
  id: string;
  created_at: number;
  source: InboundSource;
  envelope_from: string | null;
  envelope_to: string;
  peer: string | null;
  raw_key: string;
  raw_size: number;
  raw_sha256: string;
  message_id: string;
  subject_folded: string;
  routing: string;
  parse: ReceivedRecord['parse'];
  tries: number;
  crashes: number;
  unreadable_since: number | null;
  is_report: number;
  due_at: number | null;
  claimed_at: number | null;
  lease_until: number | null;
  claim_id: string | null;
};

/** What a list shows of the header. */
export type ShortHead = Omit<ReceivedHead, 'headers'>;

/** What reading it told, beside its text. */
export interface ReadFacts {
  readonly authentication: Authentication;
  readonly auto: AutoFacts;
  /** The Message-ID that a report quotes. It proves nothing, and is told as what the mail is about. */
  readonly about?: string;
  /** Until it is read: the list knows the beginning of its header only. */
  readonly isHeadCut?: boolean;
}

export const NOTHING_READ: ReadFacts = {
  authentication: { spf: null, dkim: null, dmarc: null, source: 'none' },
  auto: { reply: false, bounce: false, list: false },
};

export function envelopeOf(row: Pick<ReceivedRow, 'envelope_to'>): readonly string[] {
  const addresses: readonly string[] = JSON.parse(row.envelope_to);
  return addresses;
}

export function peerOf(row: Pick<ReceivedRow, 'peer'>): InboundPeer | null {
  const peer: InboundPeer | null = row.peer === null ? null : JSON.parse(row.peer);
  return peer;
}

export function routingAt(row: Pick<ReceivedRow, 'routing'>): Routing {
  const routing: Routing = JSON.parse(row.routing);
  return routing;
}

/** The whole header, as the reader and whoever reads this one mail need it. */
export function headAt(sql: Sql, seq: number): ReceivedHead {
  const [row] = sql.exec<{ head: string; headers: string }>(
    'SELECT head, headers FROM received_contents WHERE received = ?',
    seq,
  );
  if (row === undefined) throw new Error('A received mail without its contents');
  const head: ShortHead = JSON.parse(row.head);
  const headers: ReceivedHead['headers'] = JSON.parse(row.headers);
  return { ...head, headers };
}

export function isHeadCutAt(sql: Sql, seq: number): boolean {
  const [row] = sql.exec<{ facts: string }>('SELECT facts FROM received_contents WHERE received = ?', seq);
  const facts: ReadFacts | null = row === undefined ? null : JSON.parse(row.facts);
  return facts?.isHeadCut === true;
}

export function recordOf({
  row,
  head,
  attachments,
}: {
  readonly row: ReceivedRow;
  readonly head: ReceivedHead;
  readonly attachments: readonly ReceivedAttachmentRecord[];
}): ReceivedRecord {
  return {
    id: row.id,
    createdAt: row.created_at,
    source: row.source,
    envelopeFrom: row.envelope_from,
    receivedFor: envelopeOf(row),
    head,
    rawKey: row.raw_key,
    rawSize: row.raw_size,
    rawSha256: row.raw_sha256,
    parse: row.parse,
    attachments,
  };
}
