import { describe, expect, it } from 'vitest';
import { type Evidence, findingOf } from '../../src/mime/report-verdict.ts';

const NOTHING: Evidence = {
  address: 'ann@b.example',
  action: 'failed',
  status: '',
  diagnosticType: 'smtp',
  diagnostic: '',
  section: '',
  whole: '',
  command: null,
};

function finding(evidence: Partial<Evidence>) {
  return findingOf({ ...NOTHING, ...evidence });
}

describe('an address is hard only where the address itself is wrong', () => {
  it.each([
    ['5.1.1', '550 5.1.1 <ann@b.example>... User unknown', 'user_unknown'],
    ['5.1.10', '550 5.1.10 Recipient not found', 'user_unknown'],
    ['5.0.0', '550 <ann@b.example>: No such user here', 'user_unknown'],
    ['5.0.0', '553 Invalid recipient ann@b.example (Mode: normal)', 'user_unknown'],
    ['5.4.1', '550 5.4.1 Recipient address rejected: Access denied', 'user_unknown'],
    ['5.1.2', '550 Host unknown', 'host_unknown'],
    ['5.4.4', '', 'host_unknown'],
    ['5.0.0', 'Host or domain name not found', 'host_unknown'],
    ['5.1.10', '556 5.1.10 Recipient address has null MX', 'null_mx'],
    ['5.0.0', 'The domain b.example does not accept mail (nullMX)', 'null_mx'],
    ['5.1.6', '550 5.1.6 recipient no longer on server: ann@b.example', 'moved'],
    ['5.0.0', '551 not our user', 'user_unknown'],
    ['5.0.0', '551 please try elsewhere', 'moved'],
  ])('%s %s is %s', (status, diagnostic, reason) => {
    const command = diagnostic.startsWith('551') ? 'rcpt' : null;
    expect(finding({ status, diagnostic, command })).toMatchObject({
      reason,
      hard: true,
      suppress: true,
      family: 'address',
    });
  });
});

describe('a class 5 alone makes nothing hard', () => {
  it.each([
    ['5.2.2', '552 5.2.2 mailbox full', 'mailbox_full', 'mailbox'],
    ['5.0.0', '550 ann@b.example over quota', 'mailbox_full', 'mailbox'],
    ['5.2.1', '550 5.2.1 This account is disabled', 'suspended', 'mailbox'],
    ['5.0.0', '550 Mailbox is frozen', 'suspended', 'mailbox'],
    ['5.4.7', '550 5.4.7 delivery time expired', 'expired', 'transport'],
    ['5.0.0', '552 Too many recipients', 'too_many', 'transport'],
    ['5.3.0', '550 internal error', 'system', 'transport'],
    [
      '5.7.1',
      '550 5.7.1 Service unavailable; client host [192.0.2.1] blocked using bl.example',
      'blocked',
      'sender',
    ],
    ['5.7.1', '554 5.7.1 Message is spam', 'spam', 'sender'],
    ['5.7.26', '550 5.7.26 sender is unauthenticated', 'authentication', 'sender'],
    ['5.7.1', '554 5.7.1 rejected due to DMARC policy', 'authentication', 'sender'],
    ['5.7.25', '550 5.7.25 bad', 'missing_ptr', 'sender'],
    ['5.0.0', '550 5.7.1 Fix reverse DNS for 192.0.2.1', 'missing_ptr', 'sender'],
    ['5.7.1', '554 5.7.1 <ann@b.example>: Relay access denied', 'relaying_denied', 'sender'],
    ['5.7.1', '550 5.7.1 no', 'policy', 'sender'],
    ['5.0.0', '530 5.7.0 Must issue a STARTTLS command first', 'security', 'sender'],
    ['5.1.8', '501 5.1.8 Sender address rejected', 'sender_refused', 'sender'],
    ['5.3.4', '552 5.3.4 Message too large', 'too_large', 'message'],
    ['5.6.1', '500 5.6.1 Message content rejected', 'content', 'message'],
    ['5.0.0', '550 Virus detected', 'virus', 'message'],
    ['5.5.0', '503 Improper sequence of commands', 'protocol', 'message'],
    ['5.0.0', '554 delivery error', 'rejected', 'unknown'],
  ])('%s %s is %s', (status, diagnostic, reason, family) => {
    expect(finding({ status, diagnostic })).toMatchObject({ reason, family, hard: false, suppress: false });
  });
});

describe('what a refusal answered decides what it is about', () => {
  const words = '550 Unknown user';

  it('a word about the user, said to RCPT, is about the user', () => {
    expect(finding({ diagnostic: words, command: 'rcpt' })).toMatchObject({
      reason: 'user_unknown',
      hard: true,
    });
  });

  it('said to DATA it follows a recipient that was taken, even where it names the address', () => {
    for (const diagnostic of [words, `${words} ann@b.example`]) {
      expect(finding({ diagnostic, command: 'data' })).toMatchObject({ reason: 'filtered', hard: false });
    }
  });

  it('said to MAIL it is about the sender, with a code for it or without', () => {
    expect(finding({ diagnostic: words, command: 'mail' })).toMatchObject({
      reason: 'sender_refused',
      hard: false,
    });
    expect(finding({ status: '5.1.1', command: 'mail' })).toMatchObject({
      reason: 'sender_refused',
      hard: false,
    });
  });

  it('said to nobody knows what, it suppresses nobody, unless it names the address', () => {
    expect(finding({ diagnostic: words })).toMatchObject({ reason: 'filtered', hard: false });
    expect(finding({ diagnostic: `${words} ann@b.example` })).toMatchObject({ hard: true });
    expect(finding({ diagnostic: `${words} bob@b.example` })).toMatchObject({ hard: false });
  });

  it('with a code of another kind it is a filter that excuses itself', () => {
    expect(finding({ diagnostic: `550 5.7.1 ${words} ann@b.example` })).toMatchObject({ hard: false });
  });

  it.each([
    '550 5.7.1 No mail is received for this domain.',
    '550 5.7.1 <ann@b.example>: Unknown domain',
    '554 5.7.1 <ann@b.example>: Recipient address rejected: Domain not found',
    '550 5.7.1 The domain does not accept mail',
  ])('of a domain with a code of policy, it is a server that does not relay: %s', (diagnostic) => {
    expect(finding({ diagnostic })).toMatchObject({ reason: 'relaying_denied', hard: false });
  });

  it.each([
    ['550 5.7.27 Sender address has null MX', 'sender_refused', false],
    ['550 5.7.27 Host does not accept mail', 'null_mx', true],
    ['550 No mail is received for this domain.', 'host_unknown', true],
    ['556 5.1.10 Recipient address has null MX', 'null_mx', true],
  ])(
    'a domain that takes no mail is told from one that a server does not take: %s',
    (diagnostic, reason, hard) => {
      expect(finding({ diagnostic })).toMatchObject({ reason, hard });
    },
  );

  it('that there is no such account is said by no filter', () => {
    const diagnostic = "554 delivery error: This user doesn't have a b.example account";
    expect(finding({ diagnostic, command: 'data' })).toMatchObject({ reason: 'user_unknown', hard: true });
  });

  it('said by the system itself, with no reply quoted, it is known', () => {
    expect(finding({ section: 'ann@b.example\nThe recipient name is not recognized' })).toMatchObject({
      hard: true,
    });
  });
});

describe('where two codes contradict each other the softer one wins', () => {
  it.each([
    ['', '550 4.2.2 no such mailbox quota'],
    ['5.0.0', '450 <ann@b.example>: user unknown'],
    ['4.0.0', 'Domain name not found: b.example'],
  ])('%s %s', (status, diagnostic) => {
    expect(finding({ status, diagnostic })).toMatchObject({ permanence: 'temporary', hard: false });
  });

  it('a code about the address with words about a full mailbox is a full mailbox', () => {
    expect(finding({ status: '5.1.1', diagnostic: '550 5.1.1 mailbox is full' })).toMatchObject({
      reason: 'mailbox_full',
      hard: false,
    });
  });

  it('a code that names the address is believed when the patience has ended, even of class 4', () => {
    expect(finding({ status: '4.1.1', diagnostic: '450 4.1.1 <ann@b.example>: user unknown' })).toMatchObject(
      { hard: true },
    );
  });

  it('a name server that could not answer is no proof that there is no host', () => {
    const diagnostic = 'Host or domain name not found, try again';
    expect(finding({ status: '5.4.4', diagnostic })).toMatchObject({ reason: 'network', hard: false });
  });
});

describe('codes', () => {
  it.each([
    ['5.0.0', '550 5.7.1 no', '5.7.1', 550],
    ['4.4.7', '450 4.7.1 later', '4.7.1', 450],
    ['5.1.1', '550 no', '5.1.1', 550],
    ['5.0.0 (see 192.5.1.1)', '', '5.0.0', null],
    ['', '220-mx 421 4.2.1 busy', '4.2.1', 421],
    ['', 'connect to mx[192.0.2.1]:25: timed out', null, null],
    ['', 'version 5.5.2657.72 of 5.1.1.1', null, null],
  ])('of %s and %s are %s and %s', (status, diagnostic, expectedStatus, reply) => {
    expect(finding({ status, diagnostic })).toMatchObject({ status: expectedStatus, reply });
  });

  it('a number in prose that is a size or an age is no reply', () => {
    expect(finding({ section: 'It has 552 bytes and waited 450 hours.' }).reply).toBeNull();
  });

  it('an address or a link that looks like a reason is none', () => {
    const diagnostic = '554 <no-such-user@spam.example> see https://help.example/?p=NoSuchUser';
    expect(finding({ diagnostic }).reason).toBe('rejected');
  });
});

describe('the bounce of the event', () => {
  it.each([
    ['5.1.1', '550 5.1.1 user unknown', 'Permanent', 'NoEmail'],
    ['5.2.2', '552 5.2.2 mailbox full', 'Transient', 'MailboxFull'],
    ['5.3.4', '552 5.3.4 too large', 'Permanent', 'MessageTooLarge'],
    ['5.7.1', '550 5.7.1 spam', 'Permanent', 'ContentRejected'],
    ['5.7.1', '550 5.7.1 attachment not allowed by content policy', 'Permanent', 'AttachmentRejected'],
    ['5.7.1', '550 5.7.1 blocked', 'Permanent', 'General'],
    ['4.7.1', '450 4.7.1 blocked', 'Transient', 'General'],
    ['', 'connection timed out', 'Transient', 'General'],
    ['', '', 'Undetermined', 'Undetermined'],
  ])('of %s %s is %s, %s', (status, diagnostic, type, subType) => {
    expect(finding({ status, diagnostic }).bounce).toMatchObject({
      type,
      subType,
      diagnosticCode: diagnostic === '' ? [] : [`smtp; ${diagnostic}`],
    });
  });

  it('is there only for what failed', () => {
    expect(finding({ action: 'delayed', status: '4.4.1' }).bounce).toBeNull();
    expect(finding({ action: 'delivered', status: '2.0.0' }).bounce).toBeNull();
  });

  it('a program that failed on the last host does not make its address wrong', () => {
    const diagnostic = 'procmail: no such user';
    expect(finding({ status: '5.1.1', diagnosticType: 'x-unix', diagnostic })).toMatchObject({
      reason: 'system',
      hard: false,
    });
  });
});
