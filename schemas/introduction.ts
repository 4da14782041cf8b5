/** What stands above the printed document: Markdown, a paragraph a line. */
export const INTRODUCTION = [
  'Mailwright takes a message as JSON, stores it durably, composes it and submits it over SMTP to a relay of your choice.',
  '**Keys.** Every request but those marked otherwise carries `Authorization: Bearer <key>`. A `full_access` key may do ' +
    'everything; a `sending_access` key may only send.',
  '**Answers** are JSON objects. New fields may be added at any time: ignore those you do not know. Ids are UUIDs, times ' +
    'are ISO 8601 in UTC with milliseconds.',
  '**Requests.** Unknown keys are ignored, `null` means absent, and the body is read as JSON whatever its content type says.',
  '**Errors** have one flat shape with `statusCode`, `name` and `message`. Branch on `name`; where an input was at fault, ' +
    '`field` is its path. A path that does not exist is 404, a method that a path does not have 405 with `Allow`.',
  '**Repeating.** Send with an `Idempotency-Key` header and a repeated request gives the first answer again instead of a ' +
    'second mail. After 429 and 503 wait for the seconds in `retry-after`.',
  '**Pages.** Lists are newest first, routes in the order in which they are asked. Take the `id` of the last item as `after` to walk on while `has_more` is true.',
  '**Words.** *Accepted*: we have it. *Sent*: the relay took it. *Delivered*: the last server took it. They are three facts.',
  "What is marked **Extension** is Mailwright's own and optional: clients of the compatible surface never meet it.",
].join('\n\n');

/** Tags of the operations, in the order they are shown. */
export const TAGS = {
  Sending: 'Hand over messages.',
  'E-mails': 'Read, move, cancel and repeat what was handed over.',
  Attachments: 'Files of e-mails, and files that are uploaded beforehand.',
  Receiving: 'Mail that comes in: hand it in, read it, and what becomes of it.',
  Events: 'What happened, in the whole account.',
  Webhooks: 'What happened, posted to you.',
  'API keys': 'Who may call.',
  Suppressions: 'Addresses that get no mail.',
  Domains: 'Where mail may come from.',
  Service: 'The service itself. Needs no key.',
} as const;
