import * as z from 'zod';
import type { S3Settings } from '../objects/s3-requests.ts';

/** The rows of the settings' table that make a bucket.  */
export const S3_SETTINGS = {
  S3_BUCKET: {
    schema: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
      .optional(),
    expected: 'the name of a bucket',
    meaning: 'A bucket at anything that speaks S3, for attachments, uploads and large bodies.',
    byDefault: 'none: a folder in DATA_DIR; on Workers the R2 bucket that is bound',
  },
  S3_ENDPOINT: {
    schema: z
      .string()
      .refine(isEndpoint)
      .transform((url) => url.replace(/\/+$/, ''))
      .optional(),
    expected: 'an http or https URL without user, query and fragment',
    meaning: 'Where the bucket is. Clients that upload must reach it too.',
    byDefault: "Amazon's, by S3_REGION",
  },
  S3_REGION: {
    schema: z
      .string()
      .regex(/^[a-z0-9-]{1,32}$/)
      .default('us-east-1'),
    expected: 'a region',
    meaning: 'Part of every signature; some stores take any, some want `auto`.',
    byDefault: '`us-east-1`',
  },
  S3_ACCESS_KEY_ID: {
    schema: z
      .string()
      .regex(/^[\x21-\x7e]{1,256}$/)
      .optional(),
    expected: 'an access key id',
    meaning: 'May read, write, delete and list the bucket.',
    byDefault: 'none; required with S3_BUCKET',
  },
  S3_SECRET_ACCESS_KEY: {
    schema: z
      .string()
      .regex(/^[\x21-\x7e]{1,256}$/)
      .optional(),
    expected: 'the secret of the access key',
    meaning: 'Signs every request to the bucket.',
    byDefault: 'none; required with S3_BUCKET',
  },
  S3_FORCE_PATH_STYLE: {
    schema: z
      .enum(['true', 'false'])
      .transform((text) => text === 'true')
      .optional(),
    expected: 'true or false',
    meaning: 'Whether the bucket is named in the path instead of the host name.',
    byDefault: '`true` with S3_ENDPOINT, else `false`',
  },
} as const;

type Name = keyof typeof S3_SETTINGS;
type Values = { readonly [One in Name]: z.output<(typeof S3_SETTINGS)[One]['schema']> };

/** They belong together: one alone means that somebody wanted a bucket and would get a folder. One line for each that is missing. */
export function missingS3(texts: { readonly [One in Name]?: string }): readonly string[] {
  const [given] = (Object.keys(S3_SETTINGS) as Name[]).filter((name) => texts[name] !== undefined);
  if (given === undefined) return [];
  return (['S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'] as const)
    .filter((name) => texts[name] === undefined)
    .map((name) => `${name}: expected ${S3_SETTINGS[name].expected}, since ${given} is set`);
}

/** Null without a bucket. */
export function bucketOf(values: Values): S3Settings | null {
  const { S3_BUCKET, S3_ENDPOINT, S3_REGION, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY } = values;
  if (S3_BUCKET === undefined || S3_ACCESS_KEY_ID === undefined || S3_SECRET_ACCESS_KEY === undefined) {
    return null;
  }
  return {
    bucket: S3_BUCKET,
    endpoint: S3_ENDPOINT ?? null,
    region: S3_REGION,
    accessKeyId: S3_ACCESS_KEY_ID,
    secretAccessKey: S3_SECRET_ACCESS_KEY,
    // Every store but Amazon's takes it, and a name of the bucket in front of the endpoint's is rarely in anybody's DNS.
    forcePathStyle: values.S3_FORCE_PATH_STYLE ?? S3_ENDPOINT !== undefined,
  };
}

function isEndpoint(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username } = new URL(text);
  return /^https?:$/.test(protocol) && username === '' && !/[?#]/.test(text);
}
