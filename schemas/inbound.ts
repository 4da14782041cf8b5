import * as z from 'zod';
import { Id, Time } from './id.ts';

/** RFC 5321 §4.5.3.1.8: a server takes at least 100 recipients, and nobody counts on more. */
const MAX_RECIPIENTS = 100;
const MAX_ADDRESS = 1_000;

/** Whose calls a signed URL takes: the bytes of a mail, or what a provider posts. */
export const INBOUND_SOURCES = ['mime', 'mailgun', 'sendgrid', 'postmark', 'ses'] as const;
export type InboundUrlSource = (typeof INBOUND_SOURCES)[number];

const AS_TEXT = { error: 'A string is expected.' };

export const CreateInboundUrl = z
  .object(
    {
      to: z
        .string(AS_TEXT)
        .min(1, 'An address is expected.')
        .meta({
          description:
            'The one recipient of all that comes by it, whatever a call says. Default: what the call says.',
          example: 'support@example.com',
        })
        .exactOptional(),
      expires_in: z
        .string(AS_TEXT)
        .min(1, 'A duration is expected.')
        .meta({
          description:
            'How long it works: `10m`, `2 hours`, `1h 30m`, `90 days`. Default: until SECRET_KEY changes.',
          example: '90 days',
        })
        .exactOptional(),
      source: z
        .enum(INBOUND_SOURCES, {
          error: '`mime`, `mailgun`, `sendgrid`, `postmark` or `ses` is expected.',
        })
        .meta({
          description: 'Who calls it. Default `mime`: whoever posts the bytes of a mail.',
        })
        .exactOptional(),
    },
    { error: 'An object is expected.' },
  )
  .meta({ id: 'CreateInboundUrl' });

export const InboundUrl = z
  .object({
    object: z.literal('inbound_url'),
    url: z.string().meta({
      format: 'uri',
      'x-secret': true,
      description: 'Whoever has it may hand mail in. It is not kept here: to have it again, make another.',
    }),
    expires_at: z.nullable(Time).meta({ description: 'Null: it does not end.' }),
  })
  .meta({ id: 'InboundUrl' });

/** What is answered to whoever handed a mail in: only now may he forget it. */
export const InboundReceipt = z
  .object({
    object: z.literal('email'),
    id: z.nullable(Id).meta({ description: 'Null when a route throws it away, or when it was no mail.' }),
    duplicate: z
      .boolean()
      .meta({ description: 'True when it was here already: the id is that of the first.' }),
  })
  .meta({ id: 'InboundReceipt' });

/** The envelope of a mail whose bytes are the body. */
export const InboundQuery = z.object({
  from: z
    .string()
    .max(MAX_ADDRESS, 'An address is expected.')
    .meta({
      description: 'Envelope sender; empty for the null sender of a bounce. Default: unknown.',
      example: 'ada@example.net',
    })
    .exactOptional(),
  to: z
    .array(z.string().max(MAX_ADDRESS, 'An address is expected.'))
    .min(1)
    .max(MAX_RECIPIENTS, `At most ${MAX_RECIPIENTS} recipients are allowed.`)
    .meta({
      description: 'Envelope recipients; repeated for several.',
      example: ['support@example.com'],
    })
    .exactOptional(),
});

export const InboundParams = z.object({
  source: z.string().meta({
    override: { type: 'string', enum: [...INBOUND_SOURCES] },
    description: 'Who calls: as the URL was made for.',
  }),
  ticket: z.string().meta({ description: 'What was signed, and the signature. Opaque.' }),
});
