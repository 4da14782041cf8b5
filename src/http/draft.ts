import type { Refusal } from '../../schemas/error.ts';
import type { NewEmail } from '../mailroom/records.ts';
import type { ParsedMailbox } from '../mime/address.ts';
import type { Source } from './attachments.ts';
import type { DraftFile } from './files.ts';
import type { NewObject } from './gate.ts';
import type { Outside } from './outside.ts';
import type { Parts } from './parts.ts';
import type { Shelf } from './shelf.ts';

export interface Body {
  readonly html: string | null;
  readonly text: string | null;
}

/** One mail, ready to be accepted: the record, the objects it needs, and its body for a dry run. */
export interface Draft {
  /** Its attachments are in `files` until they have been stored. */
  readonly email: NewEmail;
  readonly files: readonly DraftFile[];
  readonly objects: readonly NewObject[];
  readonly content: Body | { readonly raw: Uint8Array<ArrayBuffer> };
  /** Domains of further senders that a raw message names (`Sender`, `Resent-From`): it must be allowed to speak for them. */
  readonly claims: readonly string[];
  readonly dryRun: boolean;
}

export type DraftOrRefusal =
  | { readonly kind: 'draft'; readonly draft: Draft }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly dryRun: boolean };

/** A mail that is right as far as the request goes, and wants files that are elsewhere. */
export interface Waiting {
  readonly kind: 'waiting';
  readonly sources: readonly Source[];
  readonly dryRun: boolean;
  finish(outside: Outside): Promise<DraftOrRefusal>;
}

/** Switches that came as headers. */
export interface Switches {
  readonly dryRun: boolean;
  readonly tls: 'enforced' | null;
  readonly unsubscribe: boolean;
}

export interface DraftCall {
  /** The item of the body, tolerated, not validated. */
  readonly body: unknown;
  readonly switches: Switches;
  readonly account: string;
  readonly now: number;
  readonly parts: Pick<
    Parts,
    'newId' | 'randomBytes' | 'settings' | 'tickets' | 'compose' | 'hasher' | 'relayLimit'
  >;
  readonly shelf: Shelf;
  /** The mailboxes that other mails of the request were read to have, by their text. */
  readonly mailboxes?: Map<string, ParsedMailbox>;
}
