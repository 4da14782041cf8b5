import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createAuthenticationCheck, type Lookup } from '../../src/platform/node/authentication.ts';
import { clock } from '../../src/platform/node/host.ts';

const KEY = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const PUBLIC = KEY.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
/** Public, and never connected to. */
const PEER = { remoteAddress: '8.8.4.4', ehlo: 'mx.sender.example' };

const ZONE: Readonly<Record<string, string>> = {
  'sender.example TXT': 'v=spf1 ip4:8.8.4.0/24 -all',
  'soft.example TXT': 'v=spf1 ~all',
  'broken.example TXT': 'v=spf1 ipv4:1.2.3.4 -all',
  's1._domainkey.sender.example TXT': `v=DKIM1; k=rsa; p=${PUBLIC}`,
  's1._domainkey.other.example TXT': `v=DKIM1; k=rsa; p=${PUBLIC}`,
  '_dmarc.sender.example TXT': 'v=DMARC1; p=reject',
  'sender.example A': '8.8.4.4',
};

function zone(records: Readonly<Record<string, string>> = ZONE): Lookup {
  return (name, type) => {
    const found = records[`${name.toLowerCase()} ${type}`];
    if (found !== undefined) return Promise.resolve(type === 'TXT' ? [[found]] : [found]);
    return Promise.reject(Object.assign(new Error(`${type} ${name}`), { code: 'ENOTFOUND' }));
  };
}

async function* piecesOf(text: string, size = 1_000): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const HEADER = ['From: Ann <ann@sender.example>', 'To: bob@here.example', 'Subject: Hello'];
const BODY = 'One line.\r\nAnother.\r\n';

/** RFC 6376, relaxed/simple, written down here so that one implementation is not checked by itself. */
function signed(
  of: { readonly domain?: string; readonly body?: string; readonly key?: KeyObject } = {},
): string {
  const body = of.body ?? BODY;
  const hash = createHash('sha256').update(body, 'latin1').digest('base64');
  const tags = `v=1; a=rsa-sha256; c=relaxed/simple; d=${of.domain ?? 'sender.example'}; s=s1; h=from:to:subject; bh=${hash}; b=`;
  const relaxed = HEADER.map((field) =>
    field.replace(/^([^:]+): /, (_, name: string) => `${name.toLowerCase()}:`),
  );
  const data = `${relaxed.join('\r\n')}\r\ndkim-signature:${tags}`;
  const signature = sign('sha256', Buffer.from(data), of.key ?? KEY.privateKey).toString('base64');
  return `DKIM-Signature: ${tags}${signature}\r\n`;
}

const mail = (signatures = '', body = BODY): string => `${signatures}${HEADER.join('\r\n')}\r\n\r\n${body}`;

function check(
  text: string,
  of: {
    readonly lookup?: Lookup;
    readonly from?: string;
    readonly remoteAddress?: string | null;
    readonly withinMs?: number;
  } = {},
): Promise<unknown> {
  const ask = createAuthenticationCheck({
    name: 'mx.here.example',
    after: clock.after,
    lookup: of.lookup ?? zone(),
    ...(of.withinMs === undefined ? {} : { withinMs: of.withinMs }),
  });
  const peer = { ...PEER, ...(of.remoteAddress === undefined ? {} : { remoteAddress: of.remoteAddress }) };
  return ask({ peer, envelopeFrom: of.from ?? 'ann@sender.example', raw: piecesOf(text) });
}

describe('the authentication of a mail that came to us directly', () => {
  it('a mail from a permitted address that is signed by its author passes everything', async () => {
    expect(await check(mail(signed()))).toEqual({
      spf: 'pass',
      dkim: 'pass',
      dmarc: 'pass',
      source: 'checked',
    });
  });

  it.each([
    ['without a signature', mail(), {}, { spf: 'pass', dkim: 'none', dmarc: 'pass' }],
    [
      'changed on its way',
      mail(signed(), `${BODY}More.\r\n`),
      {},
      { spf: 'pass', dkim: 'fail', dmarc: 'pass' },
    ],
    [
      'signed with another key',
      mail(signed({ key: generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey })),
      { remoteAddress: '9.9.9.9' },
      { spf: 'fail', dkim: 'fail', dmarc: 'fail' },
    ],
    [
      'signed by somebody else',
      mail(signed({ domain: 'other.example' })),
      { remoteAddress: '9.9.9.9' },
      { spf: 'fail', dkim: 'pass', dmarc: 'fail' },
    ],
    [
      'with one good signature behind a bad one',
      mail(signed({ body: 'x' }) + signed()),
      {},
      { spf: 'pass', dkim: 'pass', dmarc: 'pass' },
    ],
    [
      'with a soft policy',
      mail(),
      { from: 'a@soft.example' },
      { spf: 'softfail', dkim: 'none', dmarc: 'fail' },
    ],
    [
      'with a broken policy',
      mail(),
      { from: 'a@broken.example' },
      { spf: 'permerror', dkim: 'none', dmarc: 'fail' },
    ],
    ['with no policy', mail(), { from: 'a@none.example' }, { spf: 'none', dkim: 'none', dmarc: 'fail' }],
  ])('%s', async (_what, text, of, expected) => {
    expect(await check(text, of)).toEqual({ ...expected, source: 'checked' });
  });

  it('with the null sender, the name in EHLO is what SPF asks about', async () => {
    const asked: string[] = [];
    const lookup: Lookup = (name, type) => {
      asked.push(`${name} ${type}`);
      return zone()(name, type);
    };
    await check(mail(), { lookup, from: '' });
    expect(asked).toContain('mx.sender.example TXT');
    expect(asked).not.toContain('sender.example TXT');
  });

  it.each(['127.0.0.1', '::1', '10.0.0.7', 'fd00::1', null])(
    'from %s nobody is asked',
    async (remoteAddress) => {
      const lookup: Lookup = () => Promise.reject(new Error('asked'));
      expect(await check(mail(signed()), { lookup, remoteAddress })).toEqual({
        spf: null,
        dkim: null,
        dmarc: null,
        source: 'none',
      });
    },
  );
});

describe('trouble is temperror, and never an exception', () => {
  const TEMPERROR = { spf: 'temperror', dkim: 'temperror', dmarc: 'temperror', source: 'checked' };

  it('when DNS servers fail', async () => {
    const lookup: Lookup = () => Promise.reject(Object.assign(new Error('x'), { code: 'ESERVFAIL' }));
    expect(await check(mail(signed()), { lookup })).toEqual(TEMPERROR);
  });

  it('when they keep silent for longer than the check may take', async () => {
    const lookup: Lookup = () => new Promise(() => {});
    expect(await check(mail(signed()), { lookup, withinMs: 20 })).toEqual(TEMPERROR);
  });

  it('when the mail cannot be read', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('From: ann@sender.example\r\n');
      throw new Error('storage is away');
    }
    const ask = createAuthenticationCheck({ name: 'mx.here.example', after: clock.after, lookup: zone() });
    expect(await ask({ peer: PEER, envelopeFrom: '', raw: broken() })).toEqual(TEMPERROR);
  });
});

describe('threats §7 r12: what a hostile header makes us do is bounded', () => {
  it('hundreds of signatures are as good as the first five', async () => {
    const asked: string[] = [];
    const lookup: Lookup = (name, type) => {
      asked.push(name);
      return zone()(name, type);
    };
    const flood = Array.from({ length: 300 }, (_, nth) => signed({ domain: `d${nth}.example` })).join('');
    expect(await check(mail(flood + signed()), { lookup })).toMatchObject({ dkim: 'neutral' });
    expect(asked.filter((name) => name.includes('_domainkey'))).toHaveLength(5);
  });

  it('a header without an end is not read further, and its sender is known all the same', async () => {
    const text = `X: ${'a'.repeat(600 * 1024)}\r\n\r\n`;
    expect(await check(text)).toMatchObject({ spf: 'pass', dkim: 'permerror' });
  });
});
