import type { MailroomParts } from './mailroom.ts';
import type { RateWindow } from './rate.ts';

/** What every verb of an open room works with. */
export interface Room extends MailroomParts {
  readonly rate: RateWindow;
}
