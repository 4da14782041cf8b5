import * as z from 'zod';
import { BATCH_MODES } from './batch.ts';

export const MAX_IDEMPOTENCY_KEY = 256;

/** Names of the request headers that mean something, as they are printed. */
export const SendHeaders = z.object({
  'Idempotency-Key': z
    .string()
    .min(1, `1 to ${MAX_IDEMPOTENCY_KEY} characters are expected.`)
    .max(MAX_IDEMPOTENCY_KEY, `1 to ${MAX_IDEMPOTENCY_KEY} characters are expected.`)
    .meta({
      description:
        'Makes the request safe to repeat: for 24 hours the same key with the same request gives the first answer ' +
        'again, and sends nothing.',
      example: 'order-4711-confirmation',
    })
    .exactOptional(),
  'X-Mailwright-Dry-Run': z
    .enum(['true', 'false'], { error: '`true` or `false` is expected.' })
    .meta({ description: 'Extension. The same as `dry_run` in the body.' })
    .exactOptional(),
  'X-Mailwright-Tls': z
    .literal('enforced', { error: 'Only `enforced` is allowed.' })
    .meta({ description: 'Extension. The same as `tls` in the body.' })
    .exactOptional(),
});

export const NO_LINK_IN_RAW =
  'A message that is complete gets no link. Write `List-Unsubscribe` into it, or send with `POST /emails`.';

/** Of a message that is complete: it has no place for a link of ours, and whoever asks for one must not think it is there. */
export const RawHeaders = z.object({
  ...SendHeaders.shape,
  'X-Mailwright-Unsubscribe': z
    .enum(['true', 'false'], { error: '`true` or `false` is expected.' })
    .refine((value) => value !== 'true', { error: NO_LINK_IN_RAW })
    .meta({ description: 'Extension. `true` is refused: a complete message gets no link.' })
    .exactOptional(),
});

/** Of mail that is composed here. */
export const MailHeaders = z.object({
  ...SendHeaders.shape,
  'X-Mailwright-Unsubscribe': z
    .enum(['true', 'false'], { error: '`true` or `false` is expected.' })
    .meta({ description: 'Extension. The same as `unsubscribe` in the body.' })
    .exactOptional(),
});

export const BatchHeaders = z.object({
  ...MailHeaders.shape,
  'x-batch-validation': z
    .enum(BATCH_MODES, { error: '`strict` or `permissive` is expected.' })
    .meta({
      description:
        '`strict` (default): all or nothing. `permissive`: good items are accepted, bad ones reported in `errors`.',
    })
    .exactOptional(),
});
