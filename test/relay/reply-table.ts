import type { Place } from '../../src/relay/classify.ts';

export const PEER = { remoteHost: 'mx.example', tls: 'TLSv1.3' };
export const AT_RCPT: Place = { phase: 'rcpt', alone: true, othersTaken: false, peer: PEER };
const AT_DOT: Place = { phase: 'dot', alone: true, othersTaken: true, peer: PEER };
export const AT_MAIL: Place = { phase: 'mail', alone: false, othersTaken: false, peer: PEER };
const AT_DATA: Place = { phase: 'data', alone: true, othersTaken: true, peer: PEER };

/** The rows of delivery.md section 7, each with replies as servers really write them. */
export const ROWS: readonly (readonly [row: string, cases: readonly (readonly [string, Place, string])[]])[] =
  [
    [
      '2xx to the dot: delivered to the relay',
      [
        ['250 2.0.0 Ok: queued as 4711', AT_DOT, 'sent'],
        ['200', AT_DOT, 'sent'],
        ['250 4.2.2 contradicts itself, but is a success', AT_DOT, 'sent'],
      ],
    ],
    [
      '421 at any point: deferred, the relay pauses; unknown never, the reply was read',
      [
        ['421 4.3.2 shutting down', AT_RCPT, 'deferred closing elsewhere (pause)'],
        ['421 4.7.0 too many connections', AT_MAIL, 'deferred closing elsewhere (pause)'],
        ['421 try again later', AT_DATA, 'deferred closing elsewhere (pause)'],
        // After the dot the row stays with its relay.
        ['421 4.4.2 timeout', AT_DOT, 'deferred closing (pause)'],
      ],
    ],
    [
      '450, 451, 452, 4.x.x: temporary',
      [
        ['450 4.2.1 mailbox busy', AT_RCPT, 'deferred temporary'],
        ['451 4.3.0 local error', AT_DOT, 'deferred temporary'],
        ['452 4.2.0 out of something', AT_RCPT, 'deferred temporary'],
        ['454 4.7.0 not now', AT_RCPT, 'deferred temporary'],
        ['450 no code', AT_MAIL, 'deferred temporary'],
        ['499', AT_DATA, 'deferred temporary'],
      ],
    ],
    [
      '451 or 450 with 4.7.x, "greylist", "try again later": greylisted',
      [
        ['451 4.7.1 please come back', AT_RCPT, 'deferred greylisted later'],
        ['450 4.7.0', AT_RCPT, 'deferred greylisted later'],
        ['450 Greylisted, see the manual', AT_RCPT, 'deferred greylisted later'],
        ['451 4.3.2 graylisting in action', AT_DOT, 'deferred greylisted later'],
        ['450 4.2.0 Try again later', AT_RCPT, 'deferred greylisted later'],
        // Only those two codes.
        ['452 4.7.1 no', AT_RCPT, 'deferred temporary'],
      ],
    ],
    [
      '452 4.5.3, 5.5.3 too many recipients: due now over a new connection, uncounted, smaller batches',
      [
        [
          '452 4.5.3 too many recipients',
          { ...AT_RCPT, othersTaken: true },
          'back too_many_recipients [fewer]',
        ],
        [
          '550 5.5.3 too many recipients',
          { ...AT_RCPT, othersTaken: true },
          'back too_many_recipients [fewer]',
        ],
        // Not even one was taken: a smaller batch cannot help, and "due now" would be an endless loop.
        ['452 4.5.3 too many recipients', AT_RCPT, 'deferred too_many_recipients [fewer]'],
      ],
    ],
    [
      '452 4.3.1, 431: the relay is full, pause',
      [
        ['452 4.3.1 disk full', AT_MAIL, 'deferred relay_full (pause)'],
        ['431 no space', AT_DOT, 'deferred relay_full (pause)'],
        ['450 4.3.1 disk full', AT_RCPT, 'deferred relay_full (pause)'],
        ['552 4.3.1 disk full', AT_RCPT, 'deferred relay_full (pause)'],
      ],
    ],
    [
      '550 5.1.1, 5.1.2, 5.1.3, 5.1.10, 5.4.4: no such user, domain or null MX: suppressed',
      [
        ['550 5.1.1 user unknown', AT_RCPT, 'failed user_unknown suppress'],
        ['550 5.1.2 bad host', AT_RCPT, 'failed user_unknown suppress'],
        ['501 5.1.3 bad syntax', AT_RCPT, 'failed user_unknown suppress'],
        ['556 5.1.10 null MX', AT_RCPT, 'failed user_unknown suppress'],
        ['550 5.4.4 unable to route', AT_RCPT, 'failed user_unknown suppress'],
        ['554 5.1.1 unknown', AT_DOT, 'failed user_unknown suppress'],
        // One reply for several recipients says of none that it does not exist.
        ['554 5.1.1 unknown', { ...AT_DOT, alone: false }, 'failed rejected'],
        // In reply to MAIL it is the sender that is unknown.
        ['550 5.1.1 unknown', AT_MAIL, 'failed sender_refused'],
        ['550 5.1.0 other', AT_RCPT, 'failed rejected'],
        ['550 5.1.11 no such row', AT_RCPT, 'failed rejected'],
      ],
    ],
    [
      '551, 5.1.6: moved: suppressed',
      [
        ['551 user not local', AT_RCPT, 'failed moved suppress'],
        ['550 5.1.6 moved away', AT_RCPT, 'failed moved suppress'],
        ['551 5.7.1 relaying denied', AT_RCPT, 'failed policy'],
        ['551 user not local', { ...AT_MAIL, alone: true }, 'failed rejected'],
        ['550 5.4.4 unable to route', { ...AT_MAIL, alone: true }, 'failed rejected'],
        ['551 user not local', { ...AT_DOT, alone: false }, 'failed rejected'],
      ],
    ],
    [
      '552 5.2.2, 4.2.2, plain 552 at RCPT: mailbox full, soft',
      [
        ['552 5.2.2 over quota', AT_RCPT, 'deferred mailbox_full'],
        ['452 4.2.2 over quota', AT_RCPT, 'deferred mailbox_full'],
        ['550 5.2.2 over quota', AT_DOT, 'deferred mailbox_full'],
        ['550 4.2.2 over quota', AT_RCPT, 'deferred mailbox_full'],
        ['552 mailbox full', AT_RCPT, 'deferred mailbox_full'],
        ['552 5.0.0 mailbox full', AT_RCPT, 'deferred mailbox_full'],
      ],
    ],
    [
      '552 5.3.4, 5.2.3, plain 552 at MAIL or after the dot: too large',
      [
        ['552 5.3.4 too big', AT_MAIL, 'failed too_large'],
        ['552 5.3.4 too big', AT_RCPT, 'failed too_large'],
        ['550 5.2.3 too big for this mailbox', AT_DOT, 'failed too_large'],
        ['552 size exceeded', AT_MAIL, 'failed too_large'],
        ['552 size exceeded', AT_DOT, 'failed too_large'],
      ],
    ],
    [
      '553 5.1.7, 5.1.8 sender refused',
      [
        ['553 5.1.7 bad sender', AT_MAIL, 'failed sender_refused'],
        ['553 5.1.8 unknown domain', AT_MAIL, 'failed sender_refused'],
        ['553 5.1.8 unknown domain', AT_RCPT, 'failed sender_refused'],
        ['553 sender not allowed', AT_MAIL, 'failed sender_refused'],
      ],
    ],
    [
      '550 or 554 with any other 5.7.x: policy, never suppressed',
      [
        ['550 5.7.1 blocked', AT_RCPT, 'failed policy'],
        ['554 5.7.26 unauthenticated', AT_DOT, 'failed policy'],
        ['550 5.7.1 user unknown', AT_RCPT, 'failed policy'],
        ['553 5.7.1 not owned by user', AT_MAIL, 'failed policy'],
        ['550 5.7.0 no such user here', AT_RCPT, 'failed policy'],
      ],
    ],
    [
      '554 or 5xx without enhanced code at RCPT: refused, suppressed only on a user-unknown text',
      [
        ['554 rejected', AT_RCPT, 'failed rejected'],
        ['550 rejected', AT_RCPT, 'failed rejected'],
        ['550 No such user here', AT_RCPT, 'failed user_unknown suppress'],
        ['550 Unknown recipient', AT_RCPT, 'failed user_unknown suppress'],
        [
          '550 <a@b.example>: Recipient address rejected: User unknown in table',
          AT_RCPT,
          'failed user_unknown suppress',
        ],
        ['554 the mailbox does not exist', AT_RCPT, 'failed user_unknown suppress'],
        ['553 sorry, no mailbox here by that name', AT_RCPT, 'failed user_unknown suppress'],
        ['550 5.0.0 user unknown', AT_RCPT, 'failed user_unknown suppress'],
        ['556 domain does not accept mail', AT_RCPT, 'failed rejected'],
        ['571 spam', AT_RCPT, 'failed rejected'],
        ['550 sender verification: your address is blocked', AT_RCPT, 'failed rejected'],
        ['550 user unknown', AT_DOT, 'failed rejected'],
        ['550 user unknown', AT_MAIL, 'failed rejected'],
      ],
    ],
    [
      '530, 534, 535, 538, 5.7.8, 5.7.9: our configuration: back, the relay is held',
      [
        ['530 5.7.0 must issue STARTTLS first', AT_MAIL, 'back authentication elsewhere (hold)'],
        ['530 5.7.1 client was not authenticated', AT_RCPT, 'back authentication elsewhere (hold)'],
        ['534 5.7.9 mechanism too weak', AT_MAIL, 'back authentication elsewhere (hold)'],
        ['535 bad', AT_MAIL, 'back authentication elsewhere (hold)'],
        ['538 encryption required', AT_MAIL, 'back authentication elsewhere (hold)'],
        ['550 5.7.8 credentials', AT_RCPT, 'back authentication elsewhere (hold)'],
        ['530 5.7.0 late', AT_DOT, 'back authentication (hold)'],
      ],
    ],
    [
      '500 to 504, 5.5.x: protocol',
      [
        ['500 syntax', AT_RCPT, 'failed protocol'],
        ['501 parameters', AT_MAIL, 'failed protocol'],
        ['503 5.5.1 need MAIL', AT_DATA, 'failed protocol'],
        ['504 5.5.2 HELO', AT_RCPT, 'failed protocol'],
        ['554 5.5.0 protocol', AT_DOT, 'failed protocol'],
        ['501 user unknown', AT_RCPT, 'failed protocol'],
      ],
    ],
    [
      '555, 5.6.x: content or parameter refused',
      [
        ['555 parameter', AT_MAIL, 'failed content'],
        ['554 5.6.0 bad content', AT_DOT, 'failed content'],
        ['550 5.6.7 needs SMTPUTF8', AT_RCPT, 'failed content'],
      ],
    ],
    [
      'where the two codes contradict each other the softer one wins',
      [
        ['550 4.1.1 unknown for now', AT_RCPT, 'deferred temporary'],
        ['450 5.1.1 unknown', AT_RCPT, 'deferred temporary'],
        ['451 5.7.1 policy', AT_RCPT, 'deferred greylisted later'],
        ['554 4.4.1 no route', AT_DOT, 'deferred temporary'],
        ['535 4.7.8 for now', AT_MAIL, 'deferred temporary'],
      ],
    ],
    [
      'other 5xx: refused, and no more than that',
      [
        ['550 5.2.1 disabled', AT_RCPT, 'failed rejected'],
        ['554 5.3.0 system', AT_DOT, 'failed rejected'],
        ['554 transaction failed', AT_DOT, 'failed rejected'],
        ['550 5.4.1 access denied', AT_RCPT, 'failed rejected'],
      ],
    ],
  ];
