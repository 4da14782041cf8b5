import type { Message, MessageAttachment } from '../../src/mime/message.ts';
import { plainMessage } from './message-under-test.ts';

export type GivenFile = Partial<Omit<MessageAttachment, 'size' | 'open'>> & {
  readonly content: string | Uint8Array;
  /** Bytes that one piece of the stream holds. */
  readonly pieces?: number;
};

export function bytesOfContent(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? new TextEncoder().encode(content) : content;
}

/** A file that is read in pieces, as from a store. */
export function file({ content, pieces = 7, ...given }: GivenFile): MessageAttachment {
  const bytes = bytesOfContent(content);
  return {
    filename: 'file.bin',
    contentType: 'application/octet-stream',
    contentId: null,
    disposition: given.contentId == null ? 'attachment' : 'inline',
    ...given,
    size: bytes.length,
    async *open() {
      for (let at = 0; at < bytes.length; at += pieces) yield bytes.subarray(at, at + pieces);
    },
  };
}

export function withFiles(files: readonly GivenFile[], change: Partial<Message> = {}): Message {
  return { ...plainMessage, ...change, attachments: files.map(file) };
}
