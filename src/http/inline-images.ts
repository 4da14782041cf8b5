import type { ReceivedAttachmentRecord } from '../mailroom/received-records.ts';
import type { Hasher } from '../objects/hasher.ts';
import { type ObjectStore, WrongBytes } from '../objects/store.ts';
import { verified } from '../objects/verified.ts';
import { base64Text } from './base64-text.ts';
import { collect } from './collect.ts';

/** Of images in one answer, each counted as often as it is shown: HTML of a hundred bytes could ask for one a thousand times. */
export const MAX_INLINE_BYTES = 10 * 1024 * 1024;

/** Pictures that are nothing but pixels. SVG is a document, and may hold scripts. */
const PIXELS: ReadonlySet<string> = new Set([
  'image/png',
  'image/jpeg',
  'image/jpg',
  'image/pjpeg',
  'image/gif',
  'image/webp',
  'image/avif',
  'image/bmp',
]);

/**
 * RFC 2392 §2, where an address can stand: behind a quote, `=` or a bracket, or the `;` that ends a quote in escapes. One pass
 * over the text, since nothing follows the last repetition.
 */
const CID = /(?<=["'=(;])cid:([^\s"'<>()&;]+)/gi;

interface Store {
  readonly objects: ObjectStore;
  readonly hasher: () => Hasher;
  /** A file that is not what it should be is nothing that a reader can help: it is not shown, and said here. */
  readonly damaged: (file: ReceivedAttachmentRecord) => void;
}

/**
 * The HTML of a mail with its `cid:` images in it as data URIs. What is no image, is not there or would be too much stays as it is.
 *
 * @throws StoreUnavailable
 */
export async function inlineImages(
  html: string,
  files: readonly ReceivedAttachmentRecord[],
  store: Store,
): Promise<string> {
  const images = imagesById(files);
  if (images.size === 0) return html;
  const uris = new Map<ReceivedAttachmentRecord, string | null>();
  const parts: string[] = [];
  let [end, left] = [0, MAX_INLINE_BYTES];
  for (const { 0: reference, 1: id = '', index } of html.matchAll(CID)) {
    const image = images.get(id) ?? images.get(decoded(id));
    if (image === undefined || image.size > left) continue;
    if (!uris.has(image)) uris.set(image, await dataUri(image, store));
    const uri = uris.get(image) ?? null;
    if (uri === null) continue;
    parts.push(html.slice(end, index), uri);
    end = index + reference.length;
    left -= image.size;
  }
  return parts.join('') + html.slice(end);
}

/** Whether an answer that shows images may be a large one. */
export function hasImages(files: readonly ReceivedAttachmentRecord[]): boolean {
  return imagesById(files).size > 0;
}

/** Of two with one id the first counts. */
function imagesById(
  files: readonly ReceivedAttachmentRecord[],
): ReadonlyMap<string, ReceivedAttachmentRecord> {
  const images = new Map<string, ReceivedAttachmentRecord>();
  for (const file of files) {
    const id = file.contentId ?? '';
    if (id !== '' && file.size > 0 && PIXELS.has(file.contentType) && !images.has(id)) images.set(id, file);
  }
  return images;
}

function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

async function dataUri(image: ReceivedAttachmentRecord, store: Store): Promise<string | null> {
  const object = await store.objects.get(image.key);
  if (object === null) return null;
  try {
    const bytes = await collect(verified(object.body, image, store.hasher()));
    return `data:${image.contentType};base64,${base64Text(bytes)}`;
  } catch (cause) {
    if (!(cause instanceof WrongBytes)) throw cause;
    store.damaged(image);
    return null;
  }
}
