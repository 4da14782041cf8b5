import { createPublicKey, X509Certificate } from 'node:crypto';
import { generate } from 'selfsigned';
import { expect, it } from 'vitest';
import { certificateKey } from '../../../src/inbound/hooks/certificate-key.ts';

const { cert: CERT } = await generate([{ name: 'commonName', value: 'sns.amazonaws.com' }], {
  keyType: 'rsa',
  keySize: 2048,
  notBeforeDate: new Date('2026-01-01T00:00:00Z'),
  // Beyond 2049 a time has four digits for its year (RFC 5280 §4.1.2.5).
  notAfterDate: new Date('2051-12-31T23:59:59Z'),
});
const DER = Buffer.from(CERT.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64');

function pem(bytes: Uint8Array): string {
  return `-----BEGIN CERTIFICATE-----\n${Buffer.from(bytes).toString('base64')}\n-----END CERTIFICATE-----\n`;
}

it('the key of a certificate and its times are what Node reads', () => {
  const key = certificateKey(CERT);
  const spki = new X509Certificate(CERT).publicKey.export({ type: 'spki', format: 'der' });
  expect(Buffer.from(key?.spki ?? []).equals(spki)).toBe(true);
  expect(createPublicKey({ key: spki, type: 'spki', format: 'der' }).asymmetricKeyType).toBe('rsa');
  expect(key).toMatchObject({
    notBefore: Date.UTC(2026, 0, 1),
    notAfter: Date.UTC(2051, 11, 31, 23, 59, 59),
  });
  expect(certificateKey(`${pem(DER)}${pem(DER)}`)).toEqual(key);
});

it('nothing is made of what is no certificate, and nothing thrown', () => {
  for (let length = 0; length < DER.length; length += 7)
    expect(certificateKey(pem(DER.subarray(0, length)))).toBeNull();
  for (let at = 0; at < DER.length; at += 1) {
    const broken = Uint8Array.from(DER);
    broken[at] = 0xff;
    const read = certificateKey(pem(broken));
    expect(read === null || read.spki.length > 0).toBe(true);
  }
  const none = '-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----';
  for (const text of ['', 'hello', pem(new Uint8Array(0)), none]) expect(certificateKey(text)).toBeNull();
});
