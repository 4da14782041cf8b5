import type { Hasher } from '../objects/hasher.ts';
import { decodeBase64InJson } from './base64.ts';
import { readByteList } from './byte-list.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
/** Longer than any media type with its parameters: what has no comma by then is no data URI. */
const MAX_DATA_URI_HEAD = 300;

/**
 * A list or an object that is no list of bytes is parsed up to here, to tell what is no JSON from what is no content. Beyond it, it is
 * no content either way: fifteen million empty objects fit into a body, and are a gigabyte.
 */
const MAX_PARSED_BYTES = 64 * 1024;

/** What stood in the request, told apart for idempotency: the same bytes in another form are another request. */
type Form = 'base64' | 'data_uri' | 'list' | 'text' | 'none';

/** Why there are no bytes. */
export type Unusable = 'empty' | 'undecodable' | 'too_large';

/** The `content` of one attachment, decoded once, when the body of the request was read. */
export class Content {
  readonly form: Form;
  /** Without them there is a reason. Text that is no base64 is its UTF-8: only a textual type may keep it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly unusable: Unusable | null;
  /** The media type of a data URI. */
  readonly type: string | null;
  #sha256: Promise<string> | null = null;

  constructor(content: {
    readonly form: Form;
    readonly bytes: Uint8Array<ArrayBuffer>;
    readonly unusable?: Unusable;
    readonly type?: string | null;
  }) {
    this.form = content.form;
    this.bytes = content.bytes;
    this.unusable = content.unusable ?? (content.bytes.length === 0 ? 'empty' : null);
    this.type = content.type ?? null;
  }

  /** Lower-case hex, of the bytes; of what stood there when there are none. */
  sha256(hasher: () => Hasher): Promise<string> {
    this.#sha256 ??= digest(this.bytes, hasher());
    return this.#sha256;
  }
}

async function digest(bytes: Uint8Array, hasher: Hasher): Promise<string> {
  hasher.update(bytes);
  return await hasher.digest();
}

/**
 * Reads the text of a JSON value (contract, section 5.2). Linear, and never a JavaScript value of the whole: base64, a data URI
 * and the byte forms go from the text of the request straight into the bytes of the file.
 *
 * @param maxBytes of a file; what is larger by its length alone is not decoded.
 * @returns null when it is no JSON.
 */
export function readContent(
  json: Uint8Array<ArrayBuffer>,
  { maxBytes }: { readonly maxBytes: number },
): Content | null {
  if (json[0] === QUOTE) return readText(json, maxBytes);
  const bytes = readByteList(json);
  if (bytes !== null) return new Content({ form: 'list', bytes });
  const isLarge = json.length > MAX_PARSED_BYTES;
  const value = isLarge ? null : parsed(json);
  if (value === undefined) return null;
  // An ArrayBuffer becomes `{}` in JSON.
  const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  return new Content({ form: 'none', bytes: json, unusable: isEmpty ? 'empty' : 'undecodable' });
}

function readText(json: Uint8Array<ArrayBuffer>, maxBytes: number): Content | null {
  const inside = json.subarray(1, -1);
  const uri = dataUriHead(inside);
  const encoded = uri === null ? inside : inside.subarray(uri.length);
  if (isTooLong(encoded, maxBytes)) {
    return new Content({ form: 'none', bytes: json, unusable: 'too_large' });
  }
  const decoded = decodeBase64InJson(encoded);
  if (decoded !== null) {
    return new Content({
      form: uri === null ? 'base64' : 'data_uri',
      bytes: decoded,
      type: uri?.type ?? null,
    });
  }
  const text = parsed(json);
  if (typeof text !== 'string') return null;
  if (uri !== null || !text.isWellFormed()) {
    return new Content({ form: 'none', bytes: json, unusable: 'undecodable' });
  }
  return new Content({ form: 'text', bytes: new TextEncoder().encode(text) });
}

/** 4 characters for 3 bytes, and what escapes add at most: `\r\n` after every 60 of them, `\u002B` for each of 64. */
const ESCAPES = 1.1;

function isTooLong(encoded: Uint8Array, maxBytes: number): boolean {
  return encoded.length > Math.ceil(maxBytes / 3) * 4 * ESCAPES;
}

/** `data:text/plain;base64,`: without the last word, a data URI is text like any other. */
function dataUriHead(inside: Uint8Array): { readonly length: number; readonly type: string | null } | null {
  const comma = inside.subarray(0, MAX_DATA_URI_HEAD).indexOf(COMMA);
  if (comma === -1) return null;
  // Some encoders write a slash as `\/`.
  const head = String.fromCharCode(...inside.subarray(0, comma)).replaceAll('\\/', '/');
  const type = /^data:(.*);base64$/i.exec(head)?.[1];
  return type === undefined ? null : { length: comma + 1, type: type === '' ? null : type };
}

function parsed(json: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json));
  } catch {
    return undefined;
  }
}
