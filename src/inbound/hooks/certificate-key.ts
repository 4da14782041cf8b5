import { fromBase64 } from '../../secrets/base64.ts';

const PEM = /^\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/;

/** ASN.1 tags of X.509 (RFC 5280 §4.1). */
const SEQUENCE = 0x30;
const VERSION = 0xa0;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;

/** The public key of a certificate, and while it may be used. */
export interface CertificateKey {
  /** SubjectPublicKeyInfo, in DER. */
  readonly spki: Uint8Array<ArrayBuffer>;
  /** Milliseconds since 1970 UTC. */
  readonly notBefore: number;
  readonly notAfter: number;
}

interface Element {
  readonly tag: number;
  /** With its tag and length. */
  readonly whole: Uint8Array<ArrayBuffer>;
  readonly content: Uint8Array<ArrayBuffer>;
}

/**
 * The first certificate in a PEM, as far as the key in it: WebCrypto imports keys, not certificates, and has no other reader on
 * both hosts. Null when it is none. Whom it was issued by is not looked at: what it is worth is where it was fetched from.
 */
export function certificateKey(pem: string): CertificateKey | null {
  const body = PEM.exec(pem)?.[1]?.replace(/\s/g, '');
  const der = body === undefined ? null : fromBase64(body);
  const certificate = der && elementsOf(der)?.[0];
  const signed = certificate && elementsOf(certificate.content)?.[0];
  const fields = signed && elementsOf(signed.content);
  if (!fields) return null;
  // serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo; the version before them may be missing.
  const [, , , validity, , key] = fields[0]?.tag === VERSION ? fields.slice(1) : fields;
  const times = validity && elementsOf(validity.content)?.map(timeOf);
  const [notBefore, notAfter] = times ?? [];
  if (key?.tag !== SEQUENCE || notBefore === undefined || notAfter === undefined) return null;
  if (notBefore === null || notAfter === null) return null;
  return { spki: key.whole, notBefore, notAfter };
}

/** The elements that stand one behind the other (X.690 §8.1); null when the bytes are no such thing. */
function elementsOf(bytes: Uint8Array<ArrayBuffer>): readonly Element[] | null {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at] ?? 0;
    const length = lengthAt(bytes, at + 1);
    if (length === null || length.end + length.value > bytes.length) return null;
    const end = length.end + length.value;
    found.push({ tag, whole: bytes.slice(at, end), content: bytes.slice(length.end, end) });
    at = end;
  }
  return found;
}

function lengthAt(bytes: Uint8Array, at: number): { readonly value: number; readonly end: number } | null {
  const first = bytes[at];
  if (first === undefined) return null;
  if (first < 0x80) return { value: first, end: at + 1 };
  const digits = bytes.subarray(at + 1, at + 1 + (first & 0x7f));
  if (digits.length === 0 || digits.length > 3 || digits.length < (first & 0x7f)) return null;
  return { value: digits.reduce((value, digit) => value * 256 + digit, 0), end: at + 1 + digits.length };
}

/** RFC 5280 §4.1.2.5: in UTC and with seconds; two digits of a year are 1950 to 2049. */
function timeOf({ tag, content }: Element): number | null {
  const text = String.fromCharCode(...content.subarray(0, 32));
  const isShort = tag === UTC_TIME;
  if (!isShort && tag !== GENERALIZED_TIME) return null;
  const match = /^(\d{2,4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null || text.length !== (isShort ? 13 : 15)) return null;
  const [year = 0, month = 0, ...rest] = match.slice(1).map(Number);
  const [day = 0, hour = 0, minute = 0, second = 0] = rest;
  const fullYear = isShort ? year + (year < 50 ? 2000 : 1900) : year;
  return Date.UTC(fullYear, month - 1, day, hour, minute, second);
}
