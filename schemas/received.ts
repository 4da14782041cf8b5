import * as z from 'zod';
import { AddressList } from './address.ts';
import { DISPOSITIONS } from './attachment.ts';
import { GivenId, GivenTime, goneOf, Id, idParams, Time } from './id.ts';
import { listOf, pageQuery } from './page.ts';

/** An address has at most 254 octets; a display name is never searched. */
const MAX_ADDRESS_FILTER = 320;
const MAX_SUBJECT_FILTER = 998;

const ours = (description: string) => ({ description: `Extension. ${description}`, 'x-extension': true });

const ReceivedAttachment = z
  .object({
    id: Id,
    filename: z.nullable(z.string()),
    size: z.int().nonnegative(),
    content_type: z.string(),
    content_id: z.nullable(z.string()).meta({ description: 'Without angle brackets.' }),
    content_disposition: z.enum(DISPOSITIONS),
  })
  .meta({ id: 'ReceivedAttachment' });

const summary = {
  id: Id,
  created_at: Time,
  from: z.string().meta({ description: 'As the header shows it; empty when it names nobody.' }),
  to: AddressList,
  cc: AddressList,
  bcc: AddressList,
  reply_to: AddressList,
  received_for: AddressList.meta({ description: 'Envelope recipients: those it was delivered for.' }),
  subject: z.string(),
  message_id: z.string().meta({ description: 'With angle brackets; made up when the mail has none.' }),
  attachments: z.array(ReceivedAttachment),
};

export const ReceivedSummary = z.object(summary).meta({ id: 'ReceivedSummary' });
export const ReceivedList = listOf(ReceivedSummary).meta({ id: 'ReceivedList' });

export const HTML_FORMATS = ['data_uri', 'cid'] as const;

const Result = z
  .nullable(
    z.enum(['pass', 'fail', 'softfail', 'neutral', 'none', 'temperror', 'permerror', 'policy']).meta({
      id: 'AuthenticationResult',
    }),
  )
  .meta({ description: 'Null when nobody told.' });

const Authentication = z.object({
  spf: Result,
  dkim: Result,
  dmarc: Result,
  source: z.enum(['checked', 'header', 'none']).meta({
    description:
      '`checked`: by this service. `header`: by a server that the operator trusts. `none`: nobody told.',
  }),
});

const Auto = z.object({
  reply: z.boolean().meta({ description: 'Written by a program.' }),
  bounce: z.boolean().meta({ description: 'A report about another mail.' }),
  list: z.boolean().meta({ description: 'From a list, or in bulk.' }),
});

export const ReceivedEmail = z
  .object({
    object: z.literal('email'),
    ...summary,
    html: z.nullable(z.string()),
    text: z.nullable(z.string()),
    headers: z.record(z.string(), z.string()).meta({
      description: 'Names in lower case; values of a repeated name are joined by a comma and a space.',
    }),
    raw: z
      .object({ download_url: z.string().meta({ format: 'uri' }), expires_at: Time })
      .meta({ description: 'A link to the exact bytes that came in. Needs no key, ends after one hour.' }),
    html_format: z.enum(HTML_FORMATS),
    stripped_text: z.nullable(z.string()).meta(ours('The reply without quotes and signature.')),
    mailbox_hash: z
      .nullable(z.string())
      .meta(ours('The part after `+` of the first `received_for` that has one.')),
    in_reply_to: z.nullable(z.string()).meta(ours('The Message-ID that it answers.')),
    references: z.array(z.string()).meta(ours('Message-IDs of its thread.')),
    thread: z
      .object({ email_ids: z.array(Id), received_ids: z.array(Id) })
      .meta(ours('Mails of its thread that were sent and received here: at most 100 of each, oldest first.')),
    authentication: Authentication.meta(ours('What is known of who sent it (RFC 8601).')),
    auto: Auto.meta(ours('What was not written by a person is not answered by a program.')),
    parse: z
      .enum(['full', 'limited'])
      .meta(ours('`limited`: it could not be read, or has not been yet. Its bytes are kept all the same.')),
  })
  .meta({ id: 'ReceivedEmail' });

export const ReceivedGone = goneOf('email').meta({ id: 'ReceivedGone' });

export const ReceivedParams = idParams('received e-mail');

export const ReceivedAttachmentParams = z.object({
  ...ReceivedParams.shape,
  attachment_id: GivenId.meta({ format: 'uuid', description: 'The id of the attachment.' }),
});

export const ReceivedFormat = z.object({
  html_format: z
    .enum(HTML_FORMATS, { error: '`data_uri` or `cid` is expected.' })
    .meta({
      description:
        '`data_uri` (default): images that `html` shows by `cid:` stand in it, 10 MiB of them at most; what is more stays `cid:`. ' +
        '`cid`: all of them stay, each the `content_id` of an attachment.',
    })
    .exactOptional(),
});

const text = (what: string, max: number) =>
  z.string().min(1, `${what} is expected.`).max(max, `At most ${max} characters are expected.`);

const BY_ADDRESS = 'A whole address or `@domain`; case does not matter.';

/** Every filter that is given must hold. */
export const ReceivedQuery = pageQuery({
  from: text('An address', MAX_ADDRESS_FILTER)
    .meta({ description: `Extension. Only mail from here. ${BY_ADDRESS}`, example: 'ada@example.net' })
    .exactOptional(),
  to: text('An address', MAX_ADDRESS_FILTER)
    .meta({
      description: `Extension. Only mail for this recipient, or with it in \`To\` or \`Cc\`. ${BY_ADDRESS}`,
      example: '@example.com',
    })
    .exactOptional(),
  subject: text('A text', MAX_SUBJECT_FILTER)
    .meta({ description: 'Extension. Only mail with this in its subject; case does not matter.' })
    .exactOptional(),
  since: GivenTime.meta({
    description: 'Extension. Only mail that came at this moment or later.',
  }).exactOptional(),
  until: GivenTime.meta({
    description: 'Extension. Only mail that came at this moment or earlier.',
  }).exactOptional(),
});
