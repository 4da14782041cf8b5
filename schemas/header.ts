import * as z from 'zod';

function isHeaderMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Custom headers: the shape alone. Which names and values may be sent is the mail room's policy, asked through
 * `SendJudges`. Not a `z.record`, which drops a key named `__proto__` without a word: what is not sent must be refused.
 */
export const CustomHeaders = z
  .custom<Readonly<Record<string, string>>>(isHeaderMap, 'An object of strings is expected.')
  .superRefine((headers, context) => {
    if (!isHeaderMap(headers)) return;
    const odd = Object.entries(headers).find(([, value]) => typeof value !== 'string');
    if (odd !== undefined)
      context.addIssue({ code: 'custom', path: [odd[0]], message: 'A string is expected.' });
  })
  .meta({
    id: 'CustomHeaders',
    description:
      'Header names and values, at most 16 KiB in all. Names are RFC 5322 tokens. `Message-ID` may be given as ' +
      '`<left@right>`; `Reply-To` only without `reply_to`. Refused: `From`, `Sender`, `To`, `Cc`, `Bcc`, `Subject`, `Date`, ' +
      '`MIME-Version`, `Content-*`, `Received`, `Return-Path`, `DKIM-Signature`, `Resent-*`, `ARC-*`, ' +
      '`Authentication-Results`.',
    override: { type: 'object', additionalProperties: { type: 'string' } },
    example: { 'X-Order': '4711' },
  });
