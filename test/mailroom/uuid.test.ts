import { describe, expect, test } from 'vitest';
import { uuidV7 } from '../../src/mailroom/uuid.ts';

describe('a UUID of version 7', () => {
  test('is the example of RFC 9562 appendix A.6', () => {
    const random = new Uint8Array([0xcc, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f]);
    expect(uuidV7({ now: 0x017f22e279b0, random })).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
  });

  test('threats §9 r11: only its time, version and variant are fixed; 74 bits are random', () => {
    const [none, all] = [0x00, 0xff].map((byte) => uuidV7({ now: 0, random: new Uint8Array(10).fill(byte) }));
    expect([none, all]).toEqual([
      '00000000-0000-7000-8000-000000000000',
      '00000000-0000-7fff-bfff-ffffffffffff',
    ]);
  });

  test('sorts by its time', () => {
    const random = new Uint8Array(10);
    const ids = [1, 2 ** 16, 2 ** 32, 2 ** 47].map((now) => uuidV7({ now, random }));
    expect(ids.toSorted()).toEqual(ids);
  });

  test('is not made of too little chance', () => {
    expect(() => uuidV7({ now: 0, random: new Uint8Array(9) })).toThrow(RangeError);
  });
});
