// As many digits as stay a finite number: whoever asks for more patience must not get less.
const SECONDS = /^[0-9]{1,300}$/;

/** RFC 9110 §5.6.7: the one form that is still written. */
const DATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT$/;

/** Milliseconds that a `Retry-After` asks for (RFC 9110 §10.2.3); null when it says nothing that can be read. */
export function retryAfterMs(text: string | undefined, now: number): number | null {
  const given = text?.trim() ?? '';
  if (SECONDS.test(given)) return Number(given) * 1000;
  if (!DATE.test(given)) return null;
  const at = Date.parse(given);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
