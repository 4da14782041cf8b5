import { generate } from 'selfsigned';

/** A key and a certificate in PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** One authority that a test may trust, and servers it has or has not vouched for. All for `localhost` unless said. */
export interface Certificates {
  /** PEM of the authority. */
  readonly ca: string;
  readonly good: Certificate;
  /** Names the host and no address: whoever holds it against the address refuses it. */
  readonly hostOnly: Certificate;
  readonly expired: Certificate;
  readonly wrongHost: Certificate;
  /** Common name `localhost` and no subjectAltName. */
  readonly noNames: Certificate;
  readonly weakDigest: Certificate;
  readonly selfSigned: Certificate;
  /** Signed by another authority of the same kind. */
  readonly unknownAuthority: Certificate;
}

const DAY_MS = 86_400_000;
const NOW = Date.now();

const LOCALHOST = [
  { type: 2, value: 'localhost' },
  { type: 7, ip: '127.0.0.1' },
  { type: 7, ip: '::1' },
] as const;

interface Wanted {
  readonly ca?: Certificate;
  readonly name?: string;
  readonly names?: readonly (
    | { readonly type: 2; readonly value: string }
    | { readonly type: 7; readonly ip: string }
  )[];
  readonly algorithm?: 'sha256' | 'sha1';
  readonly ends?: number;
}

let made: Promise<Certificates> | null = null;

/** Made once per test process, at run time: a committed certificate would expire, and a committed key would be found. */
export function certificates(): Promise<Certificates> {
  made ??= make();
  return made;
}

/** For a server of this name, which may begin with `*.`, and the authority that vouches for it. */
export async function certificateFor(
  name: string,
): Promise<{ readonly ca: string; readonly certificate: Certificate }> {
  const ca = await makeAuthority('Test authority');
  return { ca: ca.cert, certificate: await makeServer({ ca, name, names: [{ type: 2, value: name }] }) };
}

async function make(): Promise<Certificates> {
  const [authority, stranger] = await Promise.all([
    makeAuthority('Test authority'),
    makeAuthority('Stranger'),
  ]);
  const [good, hostOnly, expired, wrongHost, noNames, weakDigest, selfSigned, unknownAuthority] =
    await Promise.all([
      makeServer({ ca: authority }),
      makeServer({ ca: authority, names: [{ type: 2, value: 'localhost' }] }),
      makeServer({ ca: authority, ends: NOW - DAY_MS }),
      makeServer({
        ca: authority,
        name: 'elsewhere.example',
        names: [{ type: 2, value: 'elsewhere.example' }],
      }),
      makeServer({ ca: authority, names: [] }),
      makeServer({ ca: authority, algorithm: 'sha1' }),
      makeServer({}),
      makeServer({ ca: stranger }),
    ]);
  return {
    ca: authority.cert,
    good,
    hostOnly,
    expired,
    wrongHost,
    noNames,
    weakDigest,
    selfSigned,
    unknownAuthority,
  };
}

async function makeAuthority(name: string): Promise<Certificate> {
  const made = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(NOW - 10 * DAY_MS),
    notAfterDate: new Date(NOW + 10 * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { key: made.private, cert: made.cert };
}

async function makeServer(wanted: Wanted): Promise<Certificate> {
  const names = wanted.names ?? LOCALHOST;
  const made = await generate([{ name: 'commonName', value: wanted.name ?? 'localhost' }], {
    keyType: 'ec',
    algorithm: wanted.algorithm ?? 'sha256',
    notBeforeDate: new Date(NOW - 5 * DAY_MS),
    notAfterDate: new Date(wanted.ends ?? NOW + 5 * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'extKeyUsage', serverAuth: true },
      ...(names.length === 0 ? [] : [{ name: 'subjectAltName' as const, altNames: [...names] }]),
    ],
    ...(wanted.ca === undefined ? {} : { ca: wanted.ca }),
  });
  return { key: made.private, cert: made.cert };
}
