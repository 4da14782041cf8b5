import type { S3Settings } from '../../../src/objects/s3-requests.ts';
import type { Certificates } from '../../support/certificates.ts';

// What the surroundings hand to the tests that run inside workerd.
declare module 'vitest' {
  interface ProvidedContext {
    servers: { readonly ports: Readonly<Record<string, number>>; readonly window: string };
    certificates: Certificates;
    /** An S3 server of its own. */
    bucket: S3Settings;
    /** The first key of the account `other`, as ACCOUNTS names it. */
    otherKey: string;
    settings: Readonly<Record<string, string>>;
  }
}
