import type { Refusal } from '../../schemas/error.ts';

/** A refusal as the result of a verb. */
export type Refused = { readonly ok: false; readonly refusal: Refusal };

export function refused(refusal: Refusal): Refused {
  return { ok: false, refusal };
}

/** One body for what never was, what is gone and what is another account's (threats.md §9). */
export function notFound(thing: 'Email' | 'API key' | 'Webhook' | 'Webhook event' | 'Route'): Refused {
  return refused({ code: 'not_found', message: `${thing} not found` });
}
