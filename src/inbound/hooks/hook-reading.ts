import type { Delivery } from '../receive.ts';

/** What a call of a provider turned out to be. */
export type HookReading =
  | {
      readonly kind: 'mail';
      readonly mail: Pick<Delivery, 'envelopeFrom' | 'envelopeTo' | 'deliveryId' | 'raw'>;
    }
  /** Something else that is in order, and done with: a subscription that was confirmed. */
  | { readonly kind: 'done' }
  /** Not from the provider: the signature, its time, or what is signed. */
  | { readonly kind: 'unproved' }
  /** Nothing to prove it with: the setting is missing. */
  | { readonly kind: 'not_configured'; readonly setting: string }
  /** From the provider, but not what it posts when it is set up as it should be. The message says what to change. */
  | { readonly kind: 'unreadable'; readonly message: string }
  | { readonly kind: 'too_large' }
  /** Something that proves it could not be had right now. */
  | { readonly kind: 'unavailable' };

/** An envelope address as providers write it: with brackets or without. `''` is the null sender. */
export function bareAddress(written: string): string {
  const trimmed = written.trim();
  return /^<.*>$/s.test(trimmed) ? trimmed.slice(1, -1).trim() : trimmed;
}

/**
 * Addresses in a list, split at commas that stand in no quotes. A quote that nothing closes ends with the text: to look for its end
 * again from every other one would take seconds for 60 kB of them.
 */
export function addressList(written: string): readonly string[] {
  const found = written.match(/(?:"(?:[^"\\]|\\.?)*(?:"|$)|[^",])+/gs) ?? [];
  return found.map(bareAddress).filter((address) => address !== '');
}
