import { describe, expect, it, test } from 'vitest';
import { readCapabilities } from '../../src/relay/capabilities.ts';
import { createDialogue, type Dialogue } from '../../src/relay/dialogue.ts';
import { readReply } from '../../src/relay/reply.ts';

const ENVELOPE = { sender: 'a@b.example', recipients: ['c@d.example', 'e@f.example'], size: 3 };
const PIPELINING = readCapabilities('250-here\n250 PIPELINING');
const ONE_BY_ONE = readCapabilities('250 here');

interface Stage {
  readonly dialogue: Dialogue;
  /** What was written, a write each. */
  readonly written: string[];
  /** Why it ended, once for each time that it was ended. */
  readonly ends: string[];
  says(...lines: readonly string[]): Promise<void>;
}

function stage(offered = PIPELINING): Stage {
  const written: string[] = [];
  const ends: string[] = [];
  const dialogue = createDialogue(
    {
      get ended() {
        return ends.length > 0;
      },
      write: async (bytes) =>
        void written.push(typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString()),
      gather: () => undefined,
      end: (cause) => void ends.push(cause.message),
    },
    offered,
  );
  return {
    dialogue,
    written,
    ends,
    async says(...lines) {
      for (const line of lines) dialogue.hear(readReply(line));
      // What follows from a reply, a body among it, is written before the next one comes.
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

async function* body(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('.a\r\n');
}

function sent({ dialogue }: Stage) {
  const told: (string | null)[] = [];
  const sending = dialogue.send(ENVELOPE, body(), {
    dotLeft: () => undefined,
    done: (error) => told.push(error?.message ?? null),
  });
  return { told, sending };
}

describe('A message', () => {
  it('goes in two writes and the dot to a server that takes commands in a row (RFC 2920)', async () => {
    const one = stage();
    const { told, sending } = sent(one);
    await one.says('250 ok', '250 ok', '550 no', '354 go on');
    expect(one.written).toEqual([
      'MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nRCPT TO:<e@f.example>\r\nDATA\r\n',
      '..a\r\n',
      '.\r\n',
    ]);
    expect([sending.accepted, told]).toEqual([['c@d.example'], []]);
    await one.says('250 queued');
    expect([told, one.ends]).toEqual([[null], []]);
  });

  it('goes a command at a time to one that does not say so', async () => {
    const one = stage(ONE_BY_ONE);
    const { told } = sent(one);
    for (const reply of ['250 ok', '550 no', '250 ok', '354 go on', '250 queued']) await one.says(reply);
    expect(one.written).toEqual([
      'MAIL FROM:<a@b.example>\r\n',
      'RCPT TO:<c@d.example>\r\n',
      'RCPT TO:<e@f.example>\r\n',
      'DATA\r\n',
      '..a\r\n',
      '.\r\n',
    ]);
    expect(told).toEqual([null]);
  });

  test.each([
    ['MAIL refused', ['550 no', '503 no', '503 no', '503 no'], []],
    ['every recipient refused', ['250 ok', '550 no', '450 no', '554 no'], []],
    ['DATA refused', ['250 ok', '250 ok', '250 ok', '451 no'], []],
    ['the message refused', ['250 ok', '250 ok', '250 ok', '354 go on', '554 no'], []],
    [
      'MAIL refused and DATA taken',
      ['550 no', '503 no', '503 no', '354 go on'],
      ['DATA was taken although MAIL was refused'],
    ],
  ])('%s: it is told that it was refused', async (_, replies, ends) => {
    const one = stage();
    const { told } = sent(one);
    for (const reply of replies) await one.says(reply);
    expect([told, one.ends]).toEqual([['refused'], ends]);
  });

  it('nobody taken and DATA taken: the empty message keeps the session in step, and no body is written', async () => {
    const one = stage();
    const { told } = sent(one);
    await one.says('250 ok', '550 no', '550 no', '354 go on');
    expect([one.written.slice(1), told]).toEqual([['.\r\n'], []]);
    await one.says('554 no');
    expect(told).toEqual(['refused']);
  });

  it('is not begun on a line that has ended', () => {
    const one = stage();
    one.dialogue.hear(readReply('421 bye'));
    const { told } = sent(one);
    expect([one.written, told]).toEqual([[], ['connection closed']]);
  });

  it('is not read any further when the line ends', async () => {
    const one = stage();
    let read = 0;
    let isLeft = false;
    async function* long(): AsyncGenerator<Uint8Array> {
      try {
        while (read < 10) {
          read += 1;
          yield Buffer.from('a\r\n');
          if (read === 3) one.dialogue.hear(readReply('421 bye'));
        }
      } finally {
        isLeft = true;
      }
    }
    one.dialogue.send(ENVELOPE, long(), { dotLeft: () => undefined, done: () => undefined });
    await one.says('250 ok', '250 ok', '250 ok', '354 go on');
    expect([read, isLeft, one.written.includes('.\r\n')]).toEqual([4, true, false]);
  });

  it('421 to any command ends both the message and the line', async () => {
    const one = stage();
    const { told } = sent(one);
    await one.says('250 ok', '421 too busy');
    expect([told, one.ends]).toEqual([
      ['the server closes the connection'],
      ['the server closes the connection'],
    ]);
  });
});

describe('A reply that nobody waits for', () => {
  test.each(['250 ok', '421 bye', 'garbage'])('%s ends the line', (line) => {
    const one = stage();
    one.dialogue.hear(readReply(line));
    expect(one.ends).toEqual(['a reply that nobody waits for']);
  });

  it('behind the reply to a message, too', async () => {
    const one = stage();
    sent(one);
    await one.says('250 ok', '250 ok', '250 ok', '354 go on');
    await one.says('250 queued', '250 queued as well');
    expect(one.ends).toEqual(['a reply that nobody waits for']);
  });
});
