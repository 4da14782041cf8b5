import { decodeHz } from './charset-hz.ts';
import { decodeIso2022, looksLikeIso2022 } from './charset-iso2022.ts';
import { decodeKorean } from './charset-korean.ts';
import { decoderOf } from './charset-labels.ts';

/** No charset has a longer name. */
const MAX_LABEL = 64;

/** Charset labels that the Encoding standard lacks, or understands otherwise than mail means them. Spelled without punctuation. */
const ALIASES: Readonly<Record<string, string>> = {
  ansix341968: 'windows-1252',
  big5hkscs: 'big5',
  cn: 'gb18030',
  cngb: 'gb18030',
  cp932: 'shift_jis',
  ms932: 'shift_jis',
  windows932: 'shift_jis',
  mskanji: 'shift_jis',
  eucjpms: 'euc-jp',
  cp51932: 'euc-jp',
  cp936: 'gb18030',
  ms936: 'gb18030',
  windows936: 'gb18030',
  euccn: 'gb18030',
  gb2312: 'gb18030',
  gb231280: 'gb18030',
  gbk: 'gb18030',
  cp950: 'big5',
  ms950: 'big5',
  windows950: 'big5',
  tis620: 'windows-874',
  cp874: 'windows-874',
  macroman: 'macintosh',
  xmacroman: 'macintosh',
  latin1: 'windows-1252',
  latin9: 'iso-8859-15',
  utf8mb4: 'utf-8',
};

const KOREAN = new Set(
  'euckr,ksc56011987,ksc56011989,ksc5601,cp949,ms949,windows949,xwindows949,uhc,korean,isoir149'.split(','),
);
const ISO_2022 = /^(?:cs)?iso2022(?:jp|kr|cn)/;
const HZ = new Set(['hz', 'hzgb2312']);
/** These say that nobody knows. */
const UNKNOWN = new Set([
  '',
  'unknown',
  'unknown8bit',
  'xunknown',
  'default',
  'defaultcharset',
  'binary',
  '8bit',
  'none',
]);
const ASCII = new Set(['usascii', 'ascii', 'iso646us', 'ansix3.41968', 'ansix341968', 'us']);

/** What a charset label of a mail comes to. */
export type Charset =
  /** Decoded by the runtime's decoder of this name, or by one of ours. */
  | { readonly kind: 'known'; readonly name: string }
  /** Names no charset, or says ASCII, which text with 8-bit bytes is not. */
  | { readonly kind: 'undeclared' }
  /** Shown as it stands: a reader that decodes UTF-7 finds markup where all others find plain letters. */
  | { readonly kind: 'utf-7' };

/** Reads a charset label as mail means it. */
export function charsetOf(label: string): Charset {
  if (label.length > MAX_LABEL) return { kind: 'undeclared' };
  const plain = label.toLowerCase().replace(/[^a-z0-9]/g, '');
  if (/^x?(?:unicode11)?utf7(?:imap)?$/.test(plain) || plain === 'csunicode11utf7') return { kind: 'utf-7' };
  if (UNKNOWN.has(plain) || ASCII.has(plain)) return { kind: 'undeclared' };
  if (KOREAN.has(plain)) return known('windows-949');
  if (HZ.has(plain)) return known('hz-gb-2312');
  if (ISO_2022.test(plain)) return known('iso-2022');
  if (plain === 'utf16' || plain === 'ucs2') return known('utf-16');
  const name = Object.hasOwn(ALIASES, plain) ? ALIASES[plain] : decoderOf(plain);
  return name === undefined || name === null ? { kind: 'undeclared' } : known(name);
}

function known(name: string): Charset {
  return { kind: 'known', name };
}

/** Decodes by the name that `charsetOf` gave. Bytes that are none in this charset become U+FFFD. */
export function decodeAs(name: string, bytes: Uint8Array): string {
  switch (name) {
    case 'windows-949':
      return decodeKorean(bytes);
    case 'hz-gb-2312':
      return decodeHz(bytes);
    case 'iso-2022':
      return decodeIso2022(bytes);
    case 'utf-16':
      // RFC 2781 §4.3; without a mark what is met is little-endian.
      return new TextDecoder(bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-16le').decode(bytes);
    case 'utf-8':
      return decodeUtf8(bytes);
    default:
      return new TextDecoder(name).decode(bytes);
  }
}

/**
 * Bytes whose charset nobody named: UTF-8 if they are, else what the rest of the mail is written in, else windows-1252.
 *
 * @param elsewhere a name from `charsetOf`, or null when the mail names none anywhere
 */
export function decodeUndeclared(bytes: Uint8Array, elsewhere: string | null): string {
  if (looksLikeIso2022(bytes)) return decodeIso2022(bytes);
  return (
    strictUtf8(bytes) ??
    decodeAs(elsewhere === null || elsewhere === 'utf-8' ? 'windows-1252' : elsewhere, bytes)
  );
}

/** Decodes text under the label that stands in the mail. */
export function decodeCharset(bytes: Uint8Array, label: string | null, elsewhere: string | null): string {
  const charset = charsetOf(label ?? '');
  switch (charset.kind) {
    case 'known':
      return decodeAs(charset.name, bytes);
    case 'undeclared':
      return decodeUndeclared(bytes, elsewhere);
    case 'utf-7':
      return decodeAs('windows-1252', bytes);
  }
}

/** Text that says UTF-8 and holds not one character of it beyond ASCII was written in another charset. */
function decodeUtf8(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  if (!text.includes('\ufffd') || /[^\0-\x7f\ufffd]/.test(text) || bytes.includes(0xef)) return text;
  return decodeAs('windows-1252', bytes);
}

function strictUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return null; // TypeError: not UTF-8
  }
}
