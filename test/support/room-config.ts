import type { MailroomConfig } from '../../src/mailroom/mailroom.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What a room is told with the settings as they are by default, but for the rate; with one relay. */
export const ROOM_CONFIG: MailroomConfig = {
  relays: ['main'],
  clearRelays: [],
  domains: null,
  rateLimit: 0,
  unknownPolicy: 'once',
  maxAgeMs: 48 * HOUR_MS,
  retentionMs: 30 * DAY_MS,
  eventRetentionMs: 30 * DAY_MS,
  inboundRetentionMs: null,
};
