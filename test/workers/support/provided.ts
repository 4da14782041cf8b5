import type { Certificates } from '../../support/certificates.ts';

// What the surroundings hand to the tests that run inside workerd.
declare module 'vitest' {
  interface ProvidedContext {
    servers: { readonly ports: Readonly<Record<string, number>>; readonly window: string };
    certificates: Certificates;
    /** The first key of the account `other`, as ACCOUNTS names it. */
    otherKey: string;
    settings: Readonly<Record<string, string>>;
  }
}
