import type { TextContent } from './body-parts.ts';
import { firstValue, type ReceivedField, trimBlank } from './parse-header.ts';
import { MAX_BOUNDARY_BYTES } from './parse-limits.ts';
import { plainParameter, readParameters, textParameter } from './parse-parameters.ts';
import { type TransferEncoding, transferEncodingOf } from './transfer-decoder.ts';

/** Where a part stands: what decides its type when it names none, and whether it is shown or a file. */
export interface PartPlace {
  /** Subtype of the multipart around it; null for the mail itself. */
  readonly parent: string | null;
  /** Among its siblings, from 0. */
  readonly index: number;
}

/** What the header of a part says of it. */
export interface PartHeader {
  /** `type/subtype`, lower case. */
  readonly type: string;
  /** Of a multipart that has a usable one. */
  readonly boundary: string | null;
  readonly reportType: string | null;
  readonly encoding: TransferEncoding;
  readonly filename: string | null;
  readonly contentId: string | null;
  readonly disposition: 'inline' | 'attachment';
  /** Shown as text, and not a file. */
  readonly isBody: boolean;
  readonly text: Omit<TextContent, 'bytes'>;
  /** More parameters than are read. */
  readonly isCut: boolean;
}

const TYPE = /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+/-]+$/;

/** @param elsewhere the charset of the rest of the mail, for file names that name none */
export function readPartHeader(
  fields: readonly ReceivedField[],
  place: PartPlace,
  elsewhere: string | null,
): PartHeader {
  const contentType = readParameters(firstValue(fields, 'content-type') ?? '');
  const disposition = readParameters(firstValue(fields, 'content-disposition') ?? '');
  const filename =
    textParameter(disposition, 'filename', elsewhere) ?? textParameter(contentType, 'name', elsewhere) ?? '';
  const contentId = identifier(firstValue(fields, 'content-id') ?? '');
  const type = typeOf(contentType.value, place, filename !== '');
  const isText = type === 'text/plain' || type === 'text/html';
  const boundary = trimBlank(plainParameter(contentType, 'boundary') ?? '');
  const isMultipart =
    type.startsWith('multipart/') && boundary !== '' && boundary.length <= MAX_BOUNDARY_BYTES;
  return {
    type,
    boundary: isMultipart ? boundary : null,
    reportType: plainParameter(contentType, 'report-type')?.toLowerCase() ?? null,
    encoding: type.startsWith('multipart/')
      ? 'identity'
      : transferEncodingOf(firstValue(fields, 'content-transfer-encoding') ?? ''),
    filename: filename === '' ? null : filename,
    contentId: contentId === '' ? null : contentId,
    disposition: dispositionOf(disposition.value, place, contentId !== ''),
    // RFC 8621 §4.1.4, with text the only thing that a body is made of.
    isBody:
      isText &&
      disposition.value !== 'attachment' &&
      (place.index === 0 || (place.parent !== 'related' && filename === '')),
    text: {
      charset: plainParameter(contentType, 'charset'),
      isFlowed: type === 'text/plain' && plainParameter(contentType, 'format')?.toLowerCase() === 'flowed',
      delSp: plainParameter(contentType, 'delsp')?.toLowerCase() === 'yes',
    },
    isCut: contentType.isCut || disposition.isCut,
  };
}

/** RFC 2045 §5.2, RFC 2046 §5.1.5. What is no type is text, unless it has a file's name. */
function typeOf(value: string, { parent }: PartPlace, isNamed: boolean): string {
  if (TYPE.test(value)) return value;
  if (value === '' && parent === 'digest') return 'message/rfc822';
  return isNamed && value !== '' ? 'application/octet-stream' : 'text/plain';
}

/** RFC 2183 §2.8: what is neither is an attachment. Where nothing is said, what the text refers to by its id stands in it. */
function dispositionOf(value: string, { parent }: PartPlace, hasId: boolean): 'inline' | 'attachment' {
  if (value === '') return hasId && parent === 'related' ? 'inline' : 'attachment';
  return value === 'inline' ? 'inline' : 'attachment';
}

function identifier(value: string): string {
  return trimBlank(/<([^<>]*)>/.exec(value)?.[1] ?? value).replaceAll('\n', '');
}
