import type { ArrivalClaim, NewArrival, SettleArrivalCall } from './arrival-records.ts';
import type { MailSize } from './mail-size.ts';
import type { Result } from './mailroom.ts';
import type {
  ReceivedAttachmentRecord,
  ReceivedDetail,
  ReceivedFilter,
  ReceivedRecord,
} from './received-records.ts';
import type { Page, PageOf } from './records.ts';
import type { RecipientRuling, RouteAction, RouteMatch, RouteRecord } from './route-records.ts';

type Ref = { readonly id: string };

/** The verbs of a mailroom that concern mail that comes in. */
export interface InboxVerbs {
  /** For each recipient in the order given. */
  rule(call: { readonly recipients: readonly string[] }): readonly RecipientRuling[];
  /**
   * Makes an arrival durable and due to be read. The same bytes for the same envelope, or the same `deliveryId`, within 48 h
   * are one mail: then nothing is stored, `duplicate` is true and `objects` names the new object for deletion. A refusal when
   * one of its objects is under deletion (503, as in `accept`).
   */
  receive(call: {
    readonly arrival: NewArrival;
    /** From before its object was stored; `now` when it is left out. */
    readonly since?: number;
    readonly now: number;
  }): Result<{ readonly id: string; readonly duplicate: boolean; readonly objects: readonly string[] }>;

  /** Takes mails that are to be read, oldest first. `nextAt`: when to look again, or null. `size`: no others, for both. */
  claimArrivals(call: {
    readonly now: number;
    readonly limit: number;
    readonly leaseMs: number;
    readonly size?: MailSize;
  }): {
    readonly claims: readonly ArrivalClaim[];
    readonly nextAt: number | null;
  };
  /** What came of reading: facts, threads, events, webhook calls, reports and forwards, in one transaction. */
  settleArrival(call: SettleArrivalCall): 'settled' | 'stale';
  /** The earliest moment at which `claimArrivals` has something to do, or null. */
  nextArrivalDue(call: { readonly now: number }): number | null;

  /** Newest first. `head.headers` is empty in lists. */
  receivedEmails(call: {
    readonly filter: ReceivedFilter;
    readonly page: Page;
  }): Result<PageOf<ReceivedRecord>>;
  receivedEmail(call: Ref): ReceivedDetail | null;
  receivedAttachments(call: Ref & { readonly page: Page }): Result<PageOf<ReceivedAttachmentRecord>>;
  receivedAttachment(call: Ref & { readonly attachmentId: string }): ReceivedAttachmentRecord | null;
  /** Answers the object keys that nothing names any more. */
  removeReceived(
    call: Ref & { readonly now: number },
  ): Result<{ readonly id: string; readonly objects: readonly string[] }>;

  createRoute(call: {
    readonly route: {
      readonly id: string;
      readonly match: RouteMatch;
      readonly actions: readonly RouteAction[];
      /** Where it is put, those behind it move on; null: at the end. */
      readonly position: number | null;
      readonly enabled: boolean;
    };
    readonly now: number;
  }): Result<RouteRecord>;
  /** In order of position: first those that are asked first. */
  routes(call: { readonly page: Page }): Result<PageOf<RouteRecord>>;
  route(call: Ref): RouteRecord | null;
  updateRoute(
    call: Ref & {
      readonly match?: RouteMatch;
      readonly actions?: readonly RouteAction[];
      readonly position?: number;
      readonly enabled?: boolean;
    },
  ): Result<Ref>;
  removeRoute(call: Ref): Result<Ref>;

  /** RFC 8058: the address asked for no more mail. Once or many times is the same. */
  unsubscribe(call: { readonly id: string; readonly address: string; readonly now: number }): void;
}
