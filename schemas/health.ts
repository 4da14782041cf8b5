import * as z from 'zod';
import { Time } from './id.ts';

export const RELAY_STATES = ['open', 'paused', 'broken', 'held'] as const;

export const RelayHealth = z
  .object({
    name: z.string(),
    state: z.enum(RELAY_STATES).meta({
      description:
        '`open`: in use. `paused`: it asked us to wait. `broken`: it failed several times and is probed. `held`: its ' +
        'credentials or its certificate were refused, and nothing is sent through it until that is put right.',
    }),
    reason: z.nullable(z.string()).meta({ description: 'Why it is not open.' }),
    since: z.nullable(Time),
    next_probe_at: z.nullable(Time),
  })
  .meta({ id: 'RelayHealth' });

/** Everything behind `status` is for holders of a full-access key. */
export const Health = z
  .object({
    status: z.literal('ok').meta({ description: 'Mail can be accepted.' }),
    relays: z.array(RelayHealth).exactOptional(),
    queue: z
      .object({
        depth: z.int().nonnegative().meta({ description: 'Recipients that are not finished.' }),
        oldest_due_at: z.nullable(Time),
      })
      .exactOptional(),
    storage: z
      .object({
        writable: z.boolean(),
        free_bytes: z
          .nullable(z.int().nonnegative())
          .meta({ description: 'Null where the host cannot tell.' }),
      })
      .exactOptional(),
  })
  .meta({ id: 'Health' });
