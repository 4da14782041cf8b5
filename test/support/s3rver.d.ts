declare module 's3rver' {
  import type { AddressInfo } from 'node:net';

  interface StoredObject {
    readonly bucket: string;
    readonly key: string;
    readonly content: AsyncIterable<Uint8Array>;
    readonly metadata: Readonly<Record<string, string>>;
  }

  interface Written {
    readonly size: number;
    readonly md5: string;
  }

  interface Store {
    getResourcePath(bucket: string, key: string | undefined, resource: string): string;
    putMetadata(bucket: string, key: string, metadata: unknown, md5?: string): Promise<void>;
    putObject(object: StoredObject): Promise<Written>;
    putPart(
      bucket: string,
      uploadId: string,
      number: string,
      content: AsyncIterable<Uint8Array>,
    ): Promise<Written>;
  }

  // biome-ignore lint/style/noDefaultExport: that is how the package exports it
  export default class S3rver {
    constructor(options: {
      readonly address: string;
      readonly port: number;
      readonly directory: string;
      readonly silent: boolean;
      readonly configureBuckets: readonly { readonly name: string }[];
    });
    readonly store: Store;
    run(): Promise<AddressInfo>;
    close(): Promise<void>;
  }
}
