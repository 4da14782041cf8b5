import type { AutoFacts, ParsedAddress, ParsedField, RepeatedField } from './parsed.ts';

const SINGLE: readonly RepeatedField[] = [
  'from',
  'sender',
  'reply-to',
  'to',
  'cc',
  'subject',
  'date',
  'message-id',
  'content-type',
];
/** Fields of vacation programs that do not know RFC 3834. */
const REPLIES = new Set(['x-autoreply', 'x-auto-reply', 'x-autorespond', 'x-auto-response-suppress']);

/** Fields of which RFC 5322 §3.6 allows one and there are more. */
export function repeatedFields(fields: readonly ParsedField[]): readonly RepeatedField[] {
  return SINGLE.filter((name) => fields.filter((field) => field.name === name).length > 1);
}

/** What the header says about who wrote the mail: a person, a program, a list, a mailer daemon (delivery.md section 17). */
export function autoFacts(mail: {
  readonly fields: readonly ParsedField[];
  readonly from: readonly ParsedAddress[];
  readonly reportType: string | null;
}): AutoFacts {
  const has = (name: string): boolean => mail.fields.some((field) => field.name === name);
  const word = (name: string): string =>
    /[a-z_-]+/i.exec(mail.fields.find((field) => field.name === name)?.value ?? '')?.[0].toLowerCase() ?? '';
  const submitted = word('auto-submitted');
  const precedence = word('precedence');
  return {
    reply:
      (submitted !== '' && submitted !== 'no') ||
      precedence === 'auto_reply' ||
      mail.fields.some(({ name }) => REPLIES.has(name)),
    bounce:
      mail.reportType !== null ||
      has('x-failed-recipients') ||
      mail.from.some(({ address }) => /^mailer-daemon(?:@|$)/i.test(address)) ||
      mail.fields.some(({ name, value }) => name === 'return-path' && value.replace(/\s/g, '') === '<>'),
    list: /^(?:bulk|list|junk)$/.test(precedence) || mail.fields.some(({ name }) => name.startsWith('list-')),
  };
}
