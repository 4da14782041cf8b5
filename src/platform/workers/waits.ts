import type { Waits } from '../../relay/patience.ts';

/** delivery.md section 10, the column of this host. */
export const WORKERS_WAITS: Waits = {
  slot: 30_000,
  connect: 30_000,
  greeting: 60_000,
  tls: 30_000,
  auth: 30_000,
  mail: 60_000,
  rcpt: 60_000,
  data: 60_000,
  body: 60_000,
  dot: 600_000,
  beforeDot: 240_000,
};
