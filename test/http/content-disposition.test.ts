import { describe, expect, it } from 'vitest';
import { downloadDisposition } from '../../src/http/content-disposition.ts';

describe('the name of a download', () => {
  it.each([
    ['../../etc/passwd', '.._.._etc_passwd'],
    ['C:\\x\\y.txt', 'C:_x_y.txt'],
    ['\u202egpj.exe', '_gpj.exe'],
    ['a\0\r\nb', 'a___b'],
  ])('threats §11 r5: %j is no path and shows what it is', (filename, shown) => {
    const [, ascii, full] =
      /^attachment; filename="([^"]*)"; filename\*=UTF-8''(\S+)$/.exec(downloadDisposition(filename)) ?? [];
    expect(ascii).toBe(shown);
    expect(decodeURIComponent(full ?? '')).toBe(shown);
  });

  it('is cut, and keeps its ending, so that its header is never too long to be fetched', () => {
    const header = downloadDisposition(`${'\u{1f600}'.repeat(50_000)}.pdf`);
    expect(header.length).toBeLessThan(4_096);
    expect(header).toMatch(/\.pdf$/);
    expect(header.toWellFormed()).toBe(header);
  });
});
