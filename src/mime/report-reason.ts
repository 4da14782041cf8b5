/** Why a mail did not arrive (delivery.md section 16), as one word. */
export type Reason = keyof typeof REASONS;

/** Whose matter it is, and so what may be done about it. */
export type ReasonFamily =
  /** The address is wrong: do not write to it again. */
  | 'address'
  /** The mailbox, for now: the address is right. */
  | 'mailbox'
  /** The way there: hosts, networks, queues. */
  | 'transport'
  /** What we are, to them: reputation, policy, authentication. Suppressing a recipient would hide it from us. */
  | 'sender'
  /** What we sent. */
  | 'message'
  | 'unknown';

/** Which class the codes name, the softer one where they differ; `unknown` without any code. */
export type Permanence = 'permanent' | 'temporary' | 'unknown';

export const REASONS = {
  user_unknown: 'address',
  host_unknown: 'address',
  /** The domain takes no mail at all (RFC 7505). */
  null_mx: 'address',
  moved: 'address',
  mailbox_full: 'mailbox',
  suspended: 'mailbox',
  /** The address was named, but what refused was a look at the message. */
  filtered: 'mailbox',
  expired: 'transport',
  network: 'transport',
  system: 'transport',
  too_many: 'transport',
  greylisted: 'transport',
  blocked: 'sender',
  policy: 'sender',
  spam: 'sender',
  authentication: 'sender',
  missing_ptr: 'sender',
  relaying_denied: 'sender',
  security: 'sender',
  sender_refused: 'sender',
  too_large: 'message',
  content: 'message',
  virus: 'message',
  protocol: 'message',
  rejected: 'unknown',
  undefined: 'unknown',
} as const satisfies Readonly<Record<string, ReasonFamily>>;

export function familyOf(reason: Reason): ReasonFamily {
  return REASONS[reason];
}
