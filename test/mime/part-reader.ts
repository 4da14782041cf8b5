import { readMessage } from '../support/header-reader.ts';

/** One leaf of a message. */
export interface ReadPart {
  readonly path: readonly string[];
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly disposition: string | null;
  /** Put together after RFC 2231. */
  readonly filename: string | null;
  readonly contentId: string | null;
  readonly encoding: string;
  readonly content: Buffer;
}

/**
 * A reader of MIME trees that shares nothing with the code under test: strict, by the letter of RFC 2045, 2046 and 2231.
 * What the writer of these tests would call wrong is an error.
 */
export function readParts(bytes: Uint8Array): readonly ReadPart[] {
  return [...leaves(bytes, [])];
}

function* leaves(bytes: Uint8Array, above: readonly string[]): Generator<ReadPart> {
  const { fields, body } = readMessage(bytes);
  const field = (name: string): string | null => {
    const found = fields.filter((one) => one.name.toLowerCase() === name);
    if (found.length > 1) throw new Error(`${found.length} fields ${name}`);
    return found[0]?.value ?? null;
  };
  const { value: type, parameters } = valueAndParameters(
    field('content-type') ?? 'text/plain; charset=us-ascii',
  );
  const path = [...above, type];
  if (type.startsWith('multipart/')) {
    for (const part of cut(body, parameters.get('boundary') ?? ''))
      yield* leaves(Buffer.from(part, 'latin1'), path);
    return;
  }
  const disposition = field('content-disposition');
  const described = disposition === null ? null : valueAndParameters(disposition);
  const encoding = field('content-transfer-encoding') ?? '7bit';
  yield {
    path,
    type,
    parameters,
    disposition: described?.value ?? null,
    filename: described === null ? null : filenameOf(described.parameters),
    contentId: field('content-id')?.replace(/^<(.*)>$/, '$1') ?? null,
    encoding,
    content: decoded(body, encoding),
  };
}

/** The CRLF before a delimiter is the delimiter's. */
function cut(body: string, boundary: string): readonly string[] {
  if (boundary === '' || boundary.length > 70) throw new Error('no boundary, or too long a one');
  const pieces = `\r\n${body}`.split(`\r\n--${boundary}`);
  const end = pieces.pop();
  if (!end?.startsWith('--')) throw new Error('the last delimiter does not close');
  if (pieces.shift() !== '') throw new Error('there is a preamble');
  return pieces.map((piece) => {
    if (!piece.startsWith('\r\n')) throw new Error('a boundary is the beginning of another');
    return piece.slice(2);
  });
}

function decoded(body: string, encoding: string): Buffer {
  if (encoding === '7bit') return Buffer.from(body, 'latin1');
  if (encoding === 'quoted-printable') {
    const text = body
      .replaceAll('=\r\n', '')
      .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
    return Buffer.from(text, 'latin1');
  }
  if (encoding !== 'base64') throw new Error(`an encoding ${encoding}`);
  const lines = body.split('\r\n');
  const odd = lines.findIndex(
    (line, i) => !/^[A-Za-z0-9+/]*={0,2}$/.test(line) || (i < lines.length - 1 && line.length !== 76),
  );
  if (odd >= 0) throw new Error(`line ${odd} is no line of base64: ${JSON.stringify(lines[odd])}`);
  return Buffer.from(lines.join(''), 'base64');
}

function valueAndParameters(text: string): {
  readonly value: string;
  readonly parameters: ReadonlyMap<string, string>;
} {
  const [value = '', ...rest] = text.match(/(?:"(?:[^"\\]|\\.)*"|[^;"])+/g) ?? [];
  const parameters = new Map<string, string>();
  for (const parameter of rest) {
    const [, name, quoted, token] =
      /^\s*([^\s=]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))\s*$/.exec(parameter) ?? [];
    if (name === undefined || parameters.has(name))
      throw new Error(`a parameter ${JSON.stringify(parameter)}`);
    parameters.set(name, quoted?.replace(/\\(.)/g, '$1') ?? token ?? '');
  }
  return { value: value.trim(), parameters };
}

function filenameOf(parameters: ReadonlyMap<string, string>): string | null {
  const plain = parameters.get('filename');
  if (plain !== undefined) return plain;
  let text = '';
  for (let section = 0; parameters.has(`filename*${section}*`); section++)
    text += parameters.get(`filename*${section}*`) ?? '';
  if (text === '') return null;
  if (!text.startsWith("utf-8''")) throw new Error('no charset');
  return decodeURIComponent(text.slice("utf-8''".length));
}
