import * as z from 'zod';
import { Address, Addresses } from './address.ts';
import { SEND_SWITCHES } from './email.ts';
import { NO_LINK_IN_RAW } from './send-headers.ts';

export const RAW_MEDIA_TYPE = 'message/rfc822';

/** The body of `POST /emails/raw`, when it comes as JSON. */
export const SendRaw = z
  .object(
    {
      raw: z
        .string({ error: 'A string is expected.' })
        .min(1, 'A message is expected.')
        .meta({ description: 'The whole message (RFC 5322), in base64.', format: 'byte' }),
      from: Address.meta({ description: 'Envelope sender. Default: the `From` header.' }).exactOptional(),
      to: Addresses.meta({
        description: 'Envelope recipients. Default: `To`, `Cc` and `Bcc`.',
      }).exactOptional(),
      ...SEND_SWITCHES,
      unsubscribe: z
        .boolean({ error: '`true` or `false` is expected.' })
        .refine((value) => !value, { error: NO_LINK_IN_RAW })
        .meta({
          description: 'Extension. `true` is refused: a complete message gets no link.',
          'x-extension': true,
        })
        .exactOptional(),
    },
    { error: 'An object is expected.' },
  )
  .meta({ id: 'SendRaw' });
