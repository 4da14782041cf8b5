import type { RateState } from '../mailroom/mailroom.ts';
import { untouchedRate } from './answer.ts';
import type { Parts } from './parts.ts';

/** A request on its way, and what has been learned that every answer must say. */
export interface Exchange {
  readonly request: Request;
  readonly url: URL;
  readonly now: number;
  readonly parts: Parts;
  rate: RateState | null;
}

export function openExchange(request: Request, parts: Parts): Exchange {
  return {
    request,
    url: new URL(request.url),
    now: parts.clock(),
    parts,
    rate: untouchedRate(parts.settings.rateLimit),
  };
}
