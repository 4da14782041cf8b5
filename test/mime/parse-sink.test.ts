import { expect, test } from 'vitest';
import { parseMail } from '../../src/mime/parse-mail.ts';
import type { AttachmentHead, AttachmentSink } from '../../src/mime/parsed.ts';

const MIB = 1024 * 1024;
const HEAD = 'Subject: files\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n';
const file = (name: string, content: string) =>
  `--b\r\nContent-Type: image/x; name=${name}\r\n\r\n${content}\r\n`;

async function* pieces(...all: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const piece of all) yield typeof piece === 'string' ? Buffer.from(piece) : piece;
}

async function sizeOf(body: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const piece of body) size += piece.length;
  return size;
}

test('files come one after the other, also when many lie in one piece of the mail', async () => {
  let open = 0;
  let most = 0;
  const names: string[] = [];
  const sink: AttachmentSink<number> = async ({ filename }, body) => {
    open += 1;
    most = Math.max(most, open);
    names.push(filename ?? '');
    const size = await sizeOf(body);
    open -= 1;
    return size;
  };
  const mail = await parseMail({
    source: pieces(HEAD, file('a', '1') + file('b', '22') + file('c', '') + file('d', '4444'), '--b--'),
    sink,
  });
  expect(names).toEqual(['a', 'b', 'c', 'd']);
  expect(most).toBe(1);
  expect(mail.attachments.map(({ kept, size }) => [kept, size])).toEqual([
    [1, 1],
    [2, 2],
    [0, 0],
    [4, 4],
  ]);
});

test('the mail is read no faster than its files are taken', async () => {
  let read = 0;
  let taken = 0;
  let ahead = 0;
  async function* source() {
    yield Buffer.from(HEAD + file('a', 'x'.repeat(10)).slice(0, -2));
    for (; read < 8 * MIB; read += MIB / 8) {
      ahead = Math.max(ahead, read - taken);
      yield Buffer.alloc(MIB / 8, 'x');
    }
  }
  await parseMail({
    source: source(),
    sink: async (_head, body) => {
      for await (const piece of body) {
        await new Promise((resolve) => setImmediate(resolve));
        taken += piece.length;
      }
    },
  });
  expect(taken).toBeGreaterThan(8 * MIB);
  expect(ahead).toBeLessThanOrEqual(MIB / 2);
});

test('a sink that stops reading early loses nothing but its own bytes', async () => {
  const mail = await parseMail({
    source: pieces(HEAD, file('a', 'x'.repeat(300_000)), file('b', 'yy'), '--b--'),
    sink: async ({ index }, body) => {
      if (index === 0) return 'enough';
      return String(await sizeOf(body));
    },
  });
  expect(mail.attachments.map(({ kept, size }) => [kept, size])).toEqual([
    ['enough', 300_000],
    ['2', 2],
  ]);
});

test.each([
  ['at once', async () => Promise.reject(new Error('store is down'))],
  [
    'after a piece',
    async (_head: AttachmentHead, body: AsyncIterable<Uint8Array>) => {
      for await (const _ of body) throw new Error('store is down');
    },
  ],
  [
    'at the end',
    async (_head: AttachmentHead, body: AsyncIterable<Uint8Array>) => {
      await sizeOf(body);
      throw new Error('store is down');
    },
  ],
])('a sink that fails %s ends the reading with its own error', async (_when, sink) => {
  const source = pieces(HEAD, file('a', 'x'.repeat(300_000)), file('b', 'yy'));
  await expect(parseMail({ source, sink })).rejects.toThrow('store is down');
});

test('a source that fails ends the reading with its own error, and the sink does not wait for ever', async () => {
  let sinkFailed = false;
  async function* source() {
    yield Buffer.from(HEAD + file('a', 'x'.repeat(100_000)));
    throw new Error('connection lost');
  }
  const sink: AttachmentSink<void> = async (_head, body) => {
    await sizeOf(body).catch((error: unknown) => {
      sinkFailed = true;
      throw error;
    });
  };
  await expect(parseMail({ source: source(), sink })).rejects.toThrow('connection lost');
  expect(sinkFailed).toBe(true);
});

test('a source is closed when a limit ends the reading', async () => {
  let isClosed = false;
  async function* source() {
    try {
      yield Buffer.from('Subject: yes\r\n\r\n');
      for (;;) yield Buffer.alloc(100_000, '\n');
    } finally {
      isClosed = true;
    }
  }
  const mail = await parseMail({ source: source(), sink: async () => {} });
  expect(mail).toMatchObject({ limits: ['lines'], subject: 'yes' });
  expect(isClosed).toBe(true);
});

test('memory does not grow with the files of a mail', async () => {
  async function* source() {
    yield Buffer.from(`${HEAD}--b\r\nContent-Type: image/x\r\nContent-Transfer-Encoding: base64\r\n\r\n`);
    const lines = Buffer.from(`${'QUJD'.repeat(19)}\r\n`.repeat(1_000));
    for (let sent = 0; sent < 32 * MIB; sent += lines.length) yield lines;
  }
  let peak = 0;
  const before = process.memoryUsage();
  const mail = await parseMail({
    source: source(),
    sink: async (_head, body) => {
      for await (const _ of body) {
        const now = process.memoryUsage();
        peak = Math.max(peak, now.heapUsed - before.heapUsed);
      }
    },
  });
  expect(mail.attachments[0]?.size).toBeGreaterThan(23 * MIB);
  // Garbage of the engine included.
  expect(peak).toBeLessThan(32 * MIB);
});
