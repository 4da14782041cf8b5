import { BlockList, isIP, SocketAddress } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contains, parseAddress, parseRange, printAddress } from '../../src/net/address.ts';

const NO_ADDRESS = [
  '',
  '127',
  '127.1',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.',
  '.1.2.3',
  '1..2.3',
  '256.1.1.1',
  '1.2.3.999',
  '01.2.3.4',
  '0177.0.0.1',
  '00.0.0.0',
  '0x7f.0.0.1',
  '0x7f000001',
  '2130706433',
  '1.2.3.4 ',
  ' 1.2.3.4',
  '+1.2.3.4',
  '1.2.3.4/32',
  '1e1.2.3.4',
  '\u0661.2.3.4',
  '[1.2.3.4]',
  ':',
  ':::',
  '::1::',
  '1::2::3',
  ':1',
  '1:',
  ':1::',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7::8',
  '1:2:3:4::5:6:7:8',
  '::1:2:3:4:5:6:7:8',
  '12345::',
  'g::',
  '::1.2.3',
  '::1.2.3.256',
  '::01.2.3.4',
  '1.2.3.4::',
  '::1.2.3.4:5',
  '1:2:3:4:5:6:7:1.2.3.4',
  'fe80::1%eth0',
  'fe80::1%25eth0',
  '::1]',
  '[::1',
  '[[::1]]',
  '[]',
  '::1/128',
  '::0x1',
];

const read = (text: string) => {
  const address = parseAddress(text);
  if (address === null) throw new Error(`${text} is an address`);
  return address;
};

test.each(NO_ADDRESS)('"%s" is no address', (text) => {
  expect(parseAddress(text)).toBeNull();
});

test('an IPv4-mapped address is the IPv4 address', () => {
  expect(read('::ffff:127.0.0.1')).toEqual(read('127.0.0.1'));
  expect(read('[::ffff:7f00:1]')).toEqual(read('127.0.0.1'));
});

test('an address is printed as a socket takes it', () => {
  expect(printAddress(read('127.0.0.1'))).toBe('127.0.0.1');
  expect(printAddress(read('::ffff:1.2.3.4'))).toBe('1.2.3.4');
  expect(printAddress(read('2606:4700::1111'))).toBe('2606:4700:0:0:0:0:0:1111');
});

const v4 = fc.ipV4();
const v6 = fc.ipV6();

test('every address is read as Node reads it, and printed as something that reads the same', () => {
  fc.assert(
    fc.property(fc.oneof(v4, v6), (text) => {
      const address = read(text);
      const printed = printAddress(address);
      expect(isIP(printed)).toBe(address.bits === 32 ? 4 : 6);
      expect(parseAddress(printed)).toEqual(address);
      if (isIP(text) !== isIP(printed)) return; // mapped: Node keeps the coat
      const node = (one: string) =>
        new SocketAddress({ address: one, family: isIP(one) === 4 ? 'ipv4' : 'ipv6' });
      expect(node(printed).address).toBe(node(text).address);
    }),
    { numRuns: 2_000 },
  );
});

test('whatever is not an address to Node is none to us, and the other way round', () => {
  const piece = fc.constantFrom(
    '0',
    '1',
    '7f',
    '127',
    '255',
    '256',
    '00',
    'ffff',
    '10000',
    '.',
    ':',
    '::',
    '%',
    'g',
    '/',
    '[',
    ' ',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 17 }), (pieces) => {
      const text = pieces.join('');
      const bracketed = text.startsWith('[') && text.endsWith(']');
      const known = bracketed ? isIP(text.slice(1, -1)) === 6 : isIP(text) !== 0;
      expect(parseAddress(text) !== null, text).toBe(known && !text.includes('%'));
    }),
    { numRuns: 20_000 },
  );
});

test('every spelling that new URL() prints is read, and gives the same answer as the spelling before', () => {
  fc.assert(
    fc.property(v6, (text) => {
      expect(read(new URL(`https://[${text}]/`).hostname)).toEqual(read(text));
    }),
    { numRuns: 2_000 },
  );
});

describe('ranges', () => {
  test.each([
    '10.0.0.0/8',
    '0.0.0.0/0',
    '127.0.0.1',
    '127.0.0.1/32',
    '::/0',
    '::1',
    'fd00::/8',
    '[::1]/128',
    '2001:db8::/33',
  ])('%s is one', (text) => {
    expect(parseRange(text)).not.toBeNull();
  });

  test.each([
    '',
    '/',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    '10.0.0.0/8.0',
    '10.0.0.0/8/8',
    '10.0.0.1/8',
    '10.0.0.0/1e1',
    '10.0.0.0/255.0.0.0',
    '10/8',
    '::/129',
    '::1/64',
    'fd00::/ 8',
    '::ffff:10.0.0.0/104',
    'example.com',
  ])('"%s" is none', (text) => {
    expect(parseRange(text)).toBeNull();
  });

  test('a range holds what BlockList says it holds', () => {
    const bits = (family: 4 | 6) => (family === 4 ? 32 : 128);
    const sample = fc.constantFrom<4 | 6>(4, 6).chain((family) =>
      fc.record({
        family: fc.constant(family),
        base: family === 4 ? v4 : v6.filter((text) => !/^(?:0*:){5}ffff:|^::ffff:/i.test(text)),
        prefix: fc.nat({ max: bits(family) }),
        near: fc.nat({ max: bits(family) - 1 }),
      }),
    );
    fc.assert(
      fc.property(sample, ({ family, base, prefix, near }) => {
        const start = read(base);
        fc.pre(start.bits === bits(family));
        const shift = BigInt(start.bits - prefix);
        const range = { start: { bits: start.bits, value: (start.value >> shift) << shift }, prefix };
        expect(parseRange(`${printAddress(range.start)}/${prefix}`)).toEqual(range);
        const other = { bits: start.bits, value: start.value ^ (1n << BigInt(near)) };
        fc.pre(parseAddress(printAddress(other))?.bits === start.bits);
        const list = new BlockList();
        const name = family === 4 ? 'ipv4' : 'ipv6';
        list.addSubnet(printAddress(range.start), prefix, name);
        expect(contains(range, other)).toBe(list.check(printAddress(other), name));
        expect(contains(range, start)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  test('families do not mix', () => {
    const all = parseRange('0.0.0.0/0');
    expect(all !== null && contains(all, read('::1'))).toBe(false);
    const six = parseRange('::/0');
    expect(six !== null && contains(six, read('127.0.0.1'))).toBe(false);
  });
});
