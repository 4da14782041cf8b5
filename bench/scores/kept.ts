import { createHash } from 'node:crypto';
import { corpusFile, corpusPaths } from '../../test/support/corpora.ts';
import { HOSTILE_MAIL } from '../../test/support/hostile-mail.ts';
import { type MailIn, startMailIn } from '../../test/support/mail-in.ts';
import { MESSAGES, NO_MESSAGE } from './everything.ts';
import { type Score, Tally } from './score.ts';

const AT_ONCE = 8;
const HOSTILE_BYTES = 5_000_000;
/** Two tries of a reader, and the queue before them. */
const TOLD_WITHIN_MS = 120_000;
const LIFETIME_MS = 30 * 60_000;

interface Mail {
  readonly where: string;
  readonly bytes: () => Uint8Array;
}

/**
 * Every message of every set, and every hostile one, through a real process (delivery.md section 20, figures 21 and 26): the
 * bytes that come out are those that went in, the mail is told, and the process lives.
 */
export async function keptScores(): Promise<readonly Score[]> {
  const corpora = MESSAGES.flatMap(corpusPaths).filter((name) => !NO_MESSAGE.test(name));
  const mails: readonly Mail[] = [
    ...corpora.map((path) => ({ where: path, bytes: () => corpusFile(path) ?? new Uint8Array(0) })),
    ...HOSTILE_MAIL.map(({ name, pieces }) => ({
      where: `hostile: ${name}`,
      bytes: () => Buffer.concat([...pieces(HOSTILE_BYTES)]),
    })),
  ];
  return await keptOf(mails);
}

/** Mails without content are none: nothing is taken of them. */
export async function keptOf(mails: readonly Mail[]): Promise<readonly Score[]> {
  const tally = new Tally('kept');
  const service = await startMailIn({ lifetimeMs: LIFETIME_MS });
  try {
    const queue = mails.values();
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (const mail of queue) await scoreOne(service, mail, tally);
      }),
    );
    tally.add('process alive', 'the process', service.isAlive(), service.log().slice(-2_000));
  } finally {
    await service.stop();
  }
  return tally.scores();
}

async function scoreOne(service: MailIn, { where, bytes }: Mail, tally: Tally): Promise<void> {
  const raw = bytes();
  if (raw.length === 0) return;
  const id = await service.post(raw).catch((cause: unknown) => String(cause));
  const isTaken = /^[0-9a-f-]{36}$/.test(id);
  tally.add('taken', where, isTaken, id);
  if (!isTaken) return;
  tally.equal('the bytes that came', where, await service.rawSha256(id), sha256(raw));
  tally.add('told', where, await service.isTold(id, TOLD_WITHIN_MS), 'no event');
  tally.equal('the same bytes after', where, await service.rawSha256(id), sha256(raw));
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
