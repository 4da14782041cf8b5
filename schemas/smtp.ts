import * as z from 'zod';
import type { Phase } from './delivery.ts';

export const PHASES = [
  'claimed',
  'connect',
  'greeting',
  'tls',
  'auth',
  'mail',
  'rcpt',
  'data',
  'body',
  'dot',
] as const satisfies readonly Phase[];

/** What a relay said, as its owner reads it. */
export const SmtpReply = z
  .object({
    code: z.int().meta({ description: 'The three digits of the reply.', example: 250 }),
    enhanced_code: z.nullable(z.string()).meta({ description: 'RFC 3463 status code.', example: '2.1.5' }),
    response: z.string().meta({
      description: 'The text of the reply, control characters escaped, cut at 2 KB.',
      example: '2.0.0 Ok: queued as 4B1C22',
    }),
    remote_host: z.nullable(z.string()).meta({ example: 'smtp.example.net' }),
    tls: z.nullable(z.string()).meta({ description: 'TLS version, null in the clear.', example: 'TLSv1.3' }),
  })
  .meta({ id: 'SmtpReply', description: 'A reply of a relay (RFC 5321 §4.2).' });

/** The step at which an attempt ended. */
export const PhaseName = z
  .enum(PHASES)
  .meta({ id: 'Phase', description: 'How far the SMTP conversation had come.' });
