import { describe, expect, it } from 'vitest';
import { addressesIn } from '../../src/mime/report-address.ts';

describe('addresses in the words of a report', () => {
  it.each([
    ['<a@b.example>: no', ['a@b.example']],
    ["Failed to deliver to 'a@b.example'", ['a@b.example']],
    ['RCPT TO:<a@b.example> and rfc822;c@d.example', ['a@b.example', 'c@d.example']],
    ['bounce+1=a.b@list.example.', ['bounce+1=a.b@list.example']],
    ["<o'brien@b.example>", ["o'brien@b.example"]],
    ['"a....b"@b.example', ['"a....b"@b.example']],
    ['<a@b.example>... User unknown', ['a@b.example']],
    ['用户@例子.example が', ['用户@例子.example']],
    ['a@ @b @@ a@.', []],
    ['@'.repeat(1_000), []],
  ])('of %s are %j', (line, addresses) => {
    expect(addressesIn(line).map(({ address }) => address)).toEqual(addresses);
  });
});
