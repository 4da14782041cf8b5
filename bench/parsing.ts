/**
 * What reading mail costs: messages per second by kind, resident memory for one large attachment, and the worst that hostile
 * mail of 25 MB can do (threats.md section 7; delivery.md section 20, figures 21 and 22). Memory is measured in a process of
 * its own for each figure, with a heap of 128 MB.
 *
 *     node bench/parsing.ts [--json] [--short] [--postal-mime]
 *
 * `--postal-mime` measures that library instead, without the hostile mail: it refuses most of it, and some of it ends the process.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import PostalMime from 'postal-mime';
import { parseMail } from '../src/mime/parse-mail.ts';
import { HOSTILE_MAIL } from '../test/support/hostile-mail.ts';

const MIB = 1024 * 1024;
const HOSTILE_BYTES = 25_000_000;
const HEAP_MB = 128;
const WITHIN_MS = 120_000;
/** Long enough to outlast the compiler, short enough to wait for. */
const MEASURE_MS = process.argv.includes('--short') ? 500 : 1_500;
const PIECE = 64 * 1024;

type By = 'ours' | 'postal-mime';

interface Figure {
  readonly ms: number;
  readonly peakMiB: number;
  readonly limits: readonly string[];
}

const PARAGRAPH = 'The mail that nobody reads is written by a machine, and so is the reader of it.\r\n';
const KOREAN = '안녕하세요. 주문하신 상품이 오늘 발송되었습니다. 감사합니다.\r\n';
const HEAD =
  'Received: from mx.b.example by mx.a.example; Fri, 21 Nov 2025 09:55:06 +0900\r\nFrom: "A, B" <a@b.example>\r\n' +
  'To: =?utf-8?B?7JWI64WV?= <c@d.example>\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\nDate: Fri, 21 Nov 2025 09:55:06 +0900\r\n' +
  'Message-ID: <1@b.example>\r\nMIME-Version: 1.0\r\n';

const KINDS: Readonly<Record<string, Buffer>> = {
  '0.8 kB text': Buffer.from(`${HEAD}Content-Type: text/plain\r\n\r\n${PARAGRAPH.repeat(5)}`),
  '5 kB alternative': Buffer.from(
    `${HEAD}Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n${PARAGRAPH.repeat(20)}--b\r\n` +
      `Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${`<p>${PARAGRAPH}`.repeat(35)}--b--\r\n`,
  ),
  '12 kB Korean': Buffer.from(
    `${HEAD}Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64(Buffer.from(KOREAN.repeat(100)))}`,
  ),
  '1 MiB attachment': withAttachment(MIB),
  '10 MiB attachment': withAttachment(10 * MIB),
};

function withAttachment(size: number): Buffer {
  const head = `${HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n${PARAGRAPH}--b\r\n`;
  const file = base64(Buffer.alloc(size, 'not much of a file'));
  return Buffer.from(
    `${head}Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n${file}\r\n--b--\r\n`,
  );
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/.{76}/g, '$&\r\n');
}

async function* piecesOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
}

async function readOurs(source: AsyncIterable<Uint8Array>): Promise<readonly string[]> {
  const sink = async (_head: unknown, body: AsyncIterable<Uint8Array>) => {
    let size = 0;
    for await (const piece of body) size += piece.length;
    return size;
  };
  return (await parseMail({ source, sink })).limits;
}

async function perSecond(by: By, bytes: Buffer): Promise<number> {
  const read = () => (by === 'ours' ? readOurs(piecesOf(bytes)) : PostalMime.parse(bytes));
  for (let warm = performance.now(); performance.now() - warm < MEASURE_MS / 3; ) await read();
  let count = 0;
  const began = performance.now();
  while (performance.now() - began < MEASURE_MS) {
    await read();
    count += 1;
  }
  return (count * 1_000) / (performance.now() - began);
}

/** In a process of its own. */
async function measure(by: By, name: string): Promise<Figure> {
  const child = fork(import.meta.filename, ['--child', by, name], {
    execArgv: [`--max-old-space-size=${HEAP_MB}`],
    timeout: WITHIN_MS,
  });
  const answer = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  const [figure] = answer;
  if (typeof figure !== 'object' || figure === null) return { ms: -1, peakMiB: -1, limits: ['process died'] };
  return figure as Figure;
}

async function inChild(by: By, name: string): Promise<void> {
  const hostile = HOSTILE_MAIL.find((mail) => mail.name === name);
  async function* made(): AsyncGenerator<Uint8Array> {
    if (hostile !== undefined) yield* hostile.pieces(HOSTILE_BYTES);
    else yield* attachmentPieces(25 * MIB);
  }
  // Once before, so that code and its compiler are at rest.
  await readOurs(piecesOf(KINDS['5 kB alternative'] ?? Buffer.alloc(0)));
  await turn();
  const rest = process.memoryUsage.rss();
  let peak = rest;
  const watched = (async function* () {
    for await (const piece of made()) {
      peak = Math.max(peak, process.memoryUsage.rss());
      yield piece;
    }
  })();
  const began = performance.now();
  let limits: readonly string[] = [];
  if (by === 'ours') limits = await readOurs(watched);
  else await PostalMime.parse(ReadableStream.from(watched) as ReadableStream<Uint8Array>);
  const ms = performance.now() - began;
  peak = Math.max(peak, process.memoryUsage.rss());
  process.send?.({ ms: Math.round(ms), peakMiB: Math.round((peak - rest) / MIB), limits });
}

function* attachmentPieces(size: number): Generator<Uint8Array> {
  const lines = Buffer.from(`${'QUJD'.repeat(19)}\r\n`.repeat(840));
  yield Buffer.from(`${HEAD}Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n`);
  for (let sent = 0; sent < (size * 78) / 57; sent += lines.length) yield Buffer.from(lines);
}

async function main(by: By, isJson: boolean): Promise<void> {
  const kinds: Record<string, number> = {};
  for (const [kind, bytes] of Object.entries(KINDS)) kinds[kind] = Math.round(await perSecond(by, bytes));
  const memory = await measure(by, '25 MiB attachment');
  const hostile: Record<string, Figure> = {};
  const isShort = process.argv.includes('--short');
  if (by === 'ours')
    for (const { name, isHeader } of HOSTILE_MAIL)
      if (isHeader !== true && !(isShort && Object.keys(hostile).length > 2))
        hostile[name] = await measure(by, name);
  if (isJson) {
    console.log(JSON.stringify({ bench: 'parsing', by, kinds, memory, hostile }));
    return;
  }
  console.log('kind | messages per second');
  for (const [kind, rate] of Object.entries(kinds)) console.log(`${kind} | ${rate}`);
  console.log(`\n25 MiB attachment: ${memory.peakMiB} MiB over rest, ${memory.ms} ms`);
  console.log('\nhostile mail of 25 MB | ms | MiB over rest | limits');
  for (const [name, { ms, peakMiB, limits }] of Object.entries(hostile))
    console.log(`${name} | ${ms} | ${peakMiB} | ${limits.join(' ')}`);
}

const [, , option, by, name] = process.argv;
if (option === '--child') await inChild(by as By, name ?? '');
else
  await main(
    process.argv.includes('--postal-mime') ? 'postal-mime' : 'ours',
    process.argv.includes('--json'),
  );
