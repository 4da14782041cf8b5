import { createHash } from 'node:crypto';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Attempt, deliver } from '../../src/clerk/deliver.ts';
import type { Claim } from '../../src/mailroom/records.ts';
import { compose } from '../../src/mime/compose.ts';
import type { ObjectStore } from '../../src/objects/store.ts';
import type { Relay } from '../../src/relay/relay.ts';
import { relayTo } from '../relay/support.ts';
import { House, newEmail } from '../support/house.ts';
import { memoryObjects } from '../support/memory-objects.ts';
import { type ScriptedServer, startScriptedServer } from '../support/scripted-smtp-server.ts';
import { fileRecord, storedFile } from '../support/stored-file.ts';

const MIB = 1024 * 1024;
const ODD_ENDS = [
  '\n.\n',
  '\n.\r\n',
  '\r.\r',
  '\r.\r\n',
  '\r\n.\r',
  '\r\n.\n',
  '\r\r\n.\r\r\n',
  '\0.\r\n',
  '.\0\r\n',
];
const SMUGGLED = 'MAIL FROM:<x@y.example>\r\nRCPT TO:<victim@z.example>\r\nDATA\r\nspoofed\r\n.\r\n';

let server: ScriptedServer;
let relay: Relay;
const { host } = new House();
const objects = memoryObjects();

async function open(endOfData: 'strict' | 'lax' = 'strict'): Promise<void> {
  server = await startScriptedServer({ endOfData });
  relay = await relayTo({ port: server.port, config: { connections: 1 } });
}

afterEach(async () => {
  await relay.close();
  await server.close();
});

/** Through the clerk's own way, over a real connection. */
async function send(
  attachments: Claim['email']['attachments'],
  {
    attempt = { abort: new AbortController(), reachedDot: false, stopped: false },
    store = objects,
  }: { readonly attempt?: Attempt; readonly store?: ObjectStore } = {},
) {
  const { envelope, objects: _, ...email } = newEmail({ attachments });
  const claim: Claim = {
    attemptId: 'a',
    email: { ...email, createdAt: 0, date: 0, lastEvent: 'queued', recipients: [], composed: null },
    recipients: envelope.map(({ address, simulation }, ordinal) => ({ ordinal, address, simulation })),
    leaseUntil: Number.MAX_SAFE_INTEGER,
  };
  const marks: Parameters<Parameters<typeof deliver>[2]['room']['markDot']>[0][] = [];
  const room = {
    markDot: async (call: (typeof marks)[number]) => {
      marks.push(call);
      return true;
    },
  };
  const { outcomes } = await deliver(claim, attempt, {
    relay,
    objects: store,
    compose,
    host,
    room,
    account: 'default',
  });
  return { outcome: outcomes[0]?.outcome, marks };
}

describe('over a real connection', () => {
  it('a damaged file ends the attempt before the final dot: the server has no message', async () => {
    await open();
    const good = await storedFile(objects, Buffer.alloc(300_000, 'good'));
    const bad = fileRecord(Buffer.alloc(300_000, 'bad'));
    const wrong = Buffer.alloc(300_000, 'bad');
    wrong.writeUInt8(0, wrong.length - 1);
    await objects.put(bad.key, wrong, { contentType: null });
    const { outcome, marks } = await send([good, bad]);
    await server.seen('end');
    expect([outcome, marks, server.messages]).toMatchObject([
      { kind: 'failed', reason: 'content_changed' },
      [],
      [],
    ]);
    expect(server.commands().at(-1)).toMatch(/^DATA/);
  });

  it('a relay that stops reading stops the reading of the file', async () => {
    // Nothing but a greeting, polite answers and, after 354, silence.
    const sockets: Socket[] = [];
    const deaf = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      socket.write('220 deaf\r\n');
      socket.on('data', (piece) => {
        for (const line of piece.toString().trim().split('\r\n')) {
          const isData = line === 'DATA';
          socket.write(isData ? '354 Go on\r\n' : '250 Ok\r\n');
          if (isData) socket.pause();
        }
      });
    });
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
    server = await startScriptedServer();
    relay = await relayTo({ port: (deaf.address() as AddressInfo).port });
    const size = 64 * MIB;
    let read = 0;
    const file = fileRecord('', { size });
    async function* body(): AsyncIterable<Uint8Array> {
      for (; read < size; read += MIB / 16) yield new Uint8Array(MIB / 16);
    }
    const endless = {
      ...objects,
      get: async () => ({ meta: { size, sha256: file.sha256, contentType: null }, body: body() }),
    };
    const attempt = { abort: new AbortController(), reachedDot: false, stopped: false };
    const sending = send([file], { attempt, store: endless });
    // What the kernel buffers on both sides is a few MiB; unchecked, the whole file is read in fewer turns than these.
    for (let turn = 0; turn < 5_000; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(size / 2);
    attempt.abort.abort();
    expect((await sending).outcome).toMatchObject({ kind: 'back', cause: 'aborted' });
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => deaf.close(resolve));
  });

  it('the digest that is marked before the dot is that of the bytes the server got', async () => {
    await open();
    const { outcome, marks } = await send([
      await storedFile(objects, Buffer.alloc(300_000, 'x')),
      await storedFile(objects, 'From: a@b.example\n\n.\n..leading\n', { contentType: 'message/rfc822' }),
    ]);
    expect(outcome?.kind).toBe('sent');
    const got = Buffer.from(server.messages[0]?.text ?? '', 'latin1');
    expect(marks.map(({ composed }) => composed)).toEqual([
      { version: 2, size: got.length, sha256: createHash('sha256').update(got).digest('hex') },
    ]);
  });
});

describe.each(['strict', 'lax'] as const)(
  'before a server that reads the end of data in a %s way',
  (endOfData) => {
    it.each(['application/octet-stream', 'text/plain', 'message/rfc822'])(
      'threats §2 r1: a file of type %s that holds the nine odd ends of data is one message',
      async (contentType) => {
        await open(endOfData);
        for (const end of ODD_ENDS) {
          const content = `Subject: a\r\n\r\nbefore${end}${SMUGGLED}after`;
          const before = server.messages.length;
          const { outcome } = await send([await storedFile(objects, content, { contentType })]);
          expect([outcome?.kind, server.messages.length - before]).toEqual(['sent', 1]);
          const raw = server.messages.at(-1)?.raw ?? '';
          expect(raw.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
          expect(raw.split('\r\n')).not.toContain('.');
        }
        expect(server.commands().filter((command) => command.includes('y.example'))).toEqual([]);
      },
    );
  },
);
