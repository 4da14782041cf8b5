import { MAX_LINE_BYTES } from './characters.ts';
import { type AttachmentFinding, lintAttachments } from './lint-attachments.ts';
import type { Message } from './message.ts';

/** What a dry run says about a message that is valid and may still not arrive as its author means it. */
export type LintFinding = TextFinding | AttachmentFinding;

interface TextFinding {
  readonly code:
    | 'missing_text'
    | 'inline_image'
    | 'html_clipped'
    | 'long_line'
    | 'blank_subject'
    | 'one_click_without_url'
    | 'one_click_missing'
    | 'needs_smtputf8';
  readonly severity: 'info' | 'warning';
  /** Path in the request. */
  readonly field: string;
  readonly message: string;
}

/** Gmail shows the first 102 KB of an HTML part and a link to the rest. */
const CLIPPED_BYTES = 102 * 1024;

/** Facts only, no guesses about spam filters. In the order of the fields of a send. */
export function lintMessage(message: Message): readonly LintFinding[] {
  return [
    ...addressFindings(message),
    ...subjectFindings(message),
    ...bodyFindings(message),
    ...unsubscribeFindings(message),
    ...lintAttachments(message),
  ];
}

function addressFindings(message: Message): readonly TextFinding[] {
  const fields = { from: [message.from], to: message.to, cc: message.cc, reply_to: message.replyTo };
  return Object.entries(fields)
    .filter(([, mailboxes]) => mailboxes.some((mailbox) => /[^\x21-\x7e]/.test(mailbox.address)))
    .map(([field]) => ({
      code: 'needs_smtputf8',
      severity: 'warning',
      field,
      message: 'An address with a non-ASCII local part can be sent only through a relay with SMTPUTF8.',
    }));
}

function subjectFindings({ subject }: Message): readonly TextFinding[] {
  if (subject.trim() !== '') return [];
  return [
    { code: 'blank_subject', severity: 'warning', field: 'subject', message: 'The subject shows nothing.' },
  ];
}

function bodyFindings({ html, text }: Message): readonly TextFinding[] {
  const findings: TextFinding[] = [];
  if (html && !text)
    findings.push({
      code: 'missing_text',
      severity: 'warning',
      field: 'text',
      message: 'There is no text part; leave `text` out to have one made from `html`.',
    });
  if (html && /\ssrc\s*=\s*["']?data:image\//i.test(html))
    findings.push({
      code: 'inline_image',
      severity: 'warning',
      field: 'html',
      message:
        'Images as data: URIs are not shown by several mail readers; attach them and refer to them by cid:.',
    });
  if (html && new TextEncoder().encode(html).length > CLIPPED_BYTES)
    findings.push({
      code: 'html_clipped',
      severity: 'warning',
      field: 'html',
      message: 'Gmail cuts HTML parts off after 102 KB.',
    });
  for (const [field, body] of [
    ['html', html],
    ['text', text],
  ] as const)
    if (body?.split(/\r\n|\r|\n/).some((line) => line.length > MAX_LINE_BYTES))
      findings.push({
        code: 'long_line',
        severity: 'info',
        field,
        message: `Lines over ${MAX_LINE_BYTES} characters are sent encoded.`,
      });
  return findings;
}

/** RFC 8058 §3.1: one click needs both fields, and an https URL in the first. */
function unsubscribeFindings({ headers }: Message): readonly TextFinding[] {
  const valueOfField = (lower: string): string | undefined =>
    headers.find(([name]) => name.toLowerCase() === lower)?.[1];
  const hasUrl = /<https:/i.test(valueOfField('list-unsubscribe') ?? '');
  const hasPost = valueOfField('list-unsubscribe-post') !== undefined;
  if (hasUrl === hasPost) return [];
  return hasPost
    ? [
        {
          code: 'one_click_without_url',
          severity: 'warning',
          field: 'headers.List-Unsubscribe',
          message: 'List-Unsubscribe-Post needs an https URL in List-Unsubscribe (RFC 8058).',
        },
      ]
    : [
        {
          code: 'one_click_missing',
          severity: 'info',
          field: 'headers.List-Unsubscribe-Post',
          message: 'Without `List-Unsubscribe=One-Click` mail readers show no unsubscribe button (RFC 8058).',
        },
      ];
}
