import { blocksOf } from './blocks.ts';
import { MailReader } from './mail-reader.ts';
import { MAX_RAW_BYTES } from './parse-limits.ts';
import type { ParseCall, ParsedMail } from './parsed.ts';
import { parsedMail } from './parsed-mail.ts';
import { PartSplitter } from './part-splitter.ts';

/** As much as is handed on at a time: few enough bytes to hold, enough that handing on costs nothing. */
const BLOCK_BYTES = 64 * 1024;

/**
 * Reads a mail in one pass. Its files go to the sink while it is read; its header, its text and what a report says are kept
 * under the limits of `parse-limits.ts`. So memory is bounded whatever comes, and so is time: every reader below looks at a
 * byte a fixed number of times. Mail is never refused; a mail that breaks a limit is read up to there.
 *
 * @throws what the source or the sink throws, and nothing else
 */
export async function parseMail<Kept>(call: ParseCall<Kept>): Promise<ParsedMail<Kept>> {
  return parseBlocks(call, BLOCK_BYTES);
}

/** The same with blocks of another size, which makes no difference to the result. */
export async function parseBlocks<Kept>(
  call: ParseCall<Kept>,
  blockBytes: number,
): Promise<ParsedMail<Kept>> {
  return parsedMail(await readParts(call, blockBytes));
}

/** The parts of a mail before anything is made of them. */
export async function readParts<Kept>(call: ParseCall<Kept>, blockBytes: number): Promise<MailReader<Kept>> {
  const reader = new MailReader<Kept>(call.sink);
  const splitter = new PartSplitter(reader);
  let room = MAX_RAW_BYTES;
  try {
    for await (const block of blocksOf(call.source, blockBytes)) {
      if (call.signal?.aborted === true) splitter.stop('time');
      splitter.push(block.subarray(0, room));
      if (block.length > room) splitter.stop('bytes');
      room -= block.length;
      await reader.files.drain();
      if (splitter.isOver) break;
    }
    splitter.end();
    reader.finish();
    await reader.files.drain();
  } catch (error) {
    await reader.files.cut();
    throw error;
  }
  return reader;
}
