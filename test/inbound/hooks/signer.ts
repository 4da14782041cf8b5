/** What SNS signs with, made of nothing but WebCrypto: both hosts run these tests. */
export interface Signer {
  sign(version: '1' | '2', text: string): Promise<string>;
  /** PEM. Nobody signed it: nobody looks. */
  readonly cert: string;
}

/** The key is made once for a kind, the certificate round it anew. */
export async function makeSigner(wanted: {
  readonly kind?: 'rsa' | 'ec';
  readonly from: number;
  readonly until: number;
}): Promise<Signer> {
  const algorithm =
    wanted.kind === 'ec'
      ? { name: 'ECDSA', namedCurve: 'P-256' }
      : {
          name: 'RSASSA-PKCS1-v1_5',
          modulusLength: 2048,
          publicExponent: Uint8Array.of(1, 0, 1),
          hash: 'SHA-256',
        };
  const pair = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  if (!('publicKey' in pair)) throw new Error('a pair was asked for');
  const spki = bytesOf(await crypto.subtle.exportKey('spki', pair.publicKey));
  const pkcs8 = bytesOf(await crypto.subtle.exportKey('pkcs8', pair.privateKey));
  return {
    cert: certificateOf(spki, wanted.from, wanted.until),
    async sign(version, text) {
      const named = { name: 'RSASSA-PKCS1-v1_5', hash: version === '2' ? 'SHA-256' : 'SHA-1' };
      const key = await crypto.subtle.importKey('pkcs8', pkcs8, named, false, ['sign']);
      const signature = await crypto.subtle.sign(named.name, key, new TextEncoder().encode(text));
      return Buffer.from(signature).toString('base64');
    },
  };
}

/** The two hosts have different types for what is exported. */
function bytesOf(exported: ArrayBuffer | object): Uint8Array<ArrayBuffer> {
  if (!(exported instanceof ArrayBuffer)) throw new Error('bytes were asked for');
  return new Uint8Array(exported);
}

/** X.690: tag, length, content. */
function element(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.concat(content);
  const length =
    bytes.length < 0x80 ? [bytes.length] : [0x82, Math.floor(bytes.length / 256), bytes.length % 256];
  return Buffer.concat([Buffer.from([tag, ...length]), bytes]);
}

function utcTime(time: number): Buffer {
  const digits = new Date(time).toISOString().replace(/\D/g, '').slice(2, 14);
  return element(0x17, Buffer.from(`${digits}Z`));
}

/** RFC 5280 §4.1, with names that are empty and a signature that is none. */
function certificateOf(spki: Uint8Array, from: number, until: number): string {
  const empty = element(0x30);
  const signed = element(
    0x30,
    element(0xa0, element(0x02, Buffer.from([2]))),
    element(0x02, Buffer.from([7])),
    empty,
    empty,
    element(0x30, utcTime(from), utcTime(until)),
    empty,
    spki,
  );
  const der = element(0x30, signed, empty, element(0x03, Buffer.from([0, 0])));
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}
