import type { S3Client } from '@aws-sdk/client-s3';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { checkedKey } from './key.ts';
import type { PutToSign, SignedPut } from './store.ts';

/**
 * A PUT that a client makes without us. Length and type are headers under the signature, so that the store refuses others; so
 * is the hash, which stores that know the header hold the body to. Whatever they do, acceptance hashes a copy.
 */
export async function signPut(
  store: { readonly client: S3Client; readonly bucket: string; readonly now: number },
  put: PutToSign,
): Promise<SignedPut> {
  const command = new PutObjectCommand({
    Bucket: store.bucket,
    Key: checkedKey(put.key),
    ContentLength: put.size,
    ContentType: put.contentType,
    ...(put.sha256 === undefined ? {} : { ChecksumSHA256: base64(put.sha256) }),
  });
  const url = await getSignedUrl(store.client, command, {
    expiresIn: put.expiresInSeconds,
    signingDate: new Date(store.now),
    signableHeaders: new Set(['content-type']),
    unhoistableHeaders: new Set(['x-amz-checksum-sha256']),
  });
  return {
    method: 'PUT',
    url,
    headers: {
      'content-type': put.contentType,
      ...(put.sha256 === undefined ? {} : { 'x-amz-checksum-sha256': base64(put.sha256) }),
    },
  };
}

function base64(hex: string): string {
  return btoa(String.fromCharCode(...(hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16))));
}
