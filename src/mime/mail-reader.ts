import type { BodyPart } from './body-parts.ts';
import { concatenated } from './bytes.ts';
import { charsetOf } from './charsets.ts';
import type { FileBody } from './file-body.ts';
import { FileQueue } from './file-queue.ts';
import { fileBody, type LeafBody, preambleBody, textBody, typedBody } from './leaf-body.ts';
import { typeOfName } from './media-types.ts';
import { fieldText, type ReceivedField, readReceivedHeader } from './parse-header.ts';
import { MAX_DEPTH, MAX_PARTS } from './parse-limits.ts';
import type { AttachmentSink, BrokenLimit } from './parsed.ts';
import { type PartHeader, readPartHeader } from './part-header.ts';
import type { PartEvents } from './part-splitter.ts';
import { ReportCollector } from './report-collector.ts';
import { TextBudget } from './text-collector.ts';

interface OpenMultipart {
  readonly subtype: string;
  readonly parts: BodyPart[];
  readonly header: PartHeader;
}

/**
 * Makes of what the splitter finds: the header of the mail, its text parts under their limits, its report parts, and its
 * files, which go on to the sink.
 */
export class MailReader<Kept> implements PartEvents {
  readonly files: FileQueue<Kept>;
  readonly reports = new ReportCollector((broken) => this.limit(broken));
  readonly limits = new Set<BrokenLimit>();
  readonly #budget = new TextBudget((broken) => this.limit(broken));
  readonly #open: OpenMultipart[] = [];
  #fields: readonly ReceivedField[] | null = null;
  #root: BodyPart = { kind: 'file' };
  #reportType: string | null = null;
  #leaf: LeafBody | null = null;
  /** The first charset that a part declared, and that is one. */
  #charset: string | null = null;

  constructor(sink: AttachmentSink<Kept>) {
    this.files = new FileQueue(sink);
  }

  get fields(): readonly ReceivedField[] {
    return this.#fields ?? [];
  }

  get root(): BodyPart {
    return this.#root;
  }

  get reportType(): string | null {
    return this.#reportType;
  }

  get charset(): string | null {
    return this.#charset;
  }

  limit(broken: BrokenLimit): void {
    this.limits.add(broken);
  }

  header(block: Uint8Array, blankLine: Uint8Array): string | null {
    const around = this.#open.at(-1);
    const { fields, isCut, isBody } = readReceivedHeader(block, around !== undefined);
    if (isCut) this.limit('fields');
    const place = { parent: around?.subtype ?? null, index: around?.parts.length ?? 0 };
    const header = readPartHeader(fields, place, this.#charset);
    if (header.isCut) this.limit('parameters');
    this.#learnCharset(header);
    if (this.#fields === null) {
      this.#fields = fields;
      if (header.type === 'multipart/report') this.#reportType = header.reportType ?? '';
    }
    if (header.boundary !== null && this.#open.length >= MAX_DEPTH) this.limit('depth');
    if (header.boundary !== null && this.#open.length < MAX_DEPTH) {
      this.#open.push({ subtype: header.type.slice('multipart/'.length), parts: [], header });
      this.#leaf = preambleBody(this.#budget);
      return header.boundary;
    }
    this.#leaf = this.#leafOf(header);
    if (isBody) this.#leaf.push(concatenated([block, blankLine]));
    return null;
  }

  body(bytes: Uint8Array): void {
    this.#leaf?.push(bytes);
  }

  beginParts(): void {
    this.#leaf = null;
  }

  endLeaf(): void {
    const part = this.#leaf?.end() ?? { kind: 'file' };
    // Without parts, a multipart is its preamble, and no more on the stack.
    if (this.#leaf?.isPreamble === true) this.#open.pop();
    this.#leaf = null;
    this.#place(part);
  }

  endMultipart(): void {
    const multipart = this.#open.pop();
    if (multipart !== undefined)
      this.#place({ kind: 'multipart', subtype: multipart.subtype, parts: multipart.parts });
  }

  /** Closes what the end of the reading left open: text is kept as far as it came, a file is not. */
  finish(): void {
    if (this.#leaf !== null) {
      const part = this.#leaf.cut();
      if (this.#leaf.isPreamble) this.#open.pop();
      this.#leaf = null;
      this.#place(part);
    }
    while (this.#open.length > 0) this.endMultipart();
  }

  #place(part: BodyPart): void {
    const around = this.#open.at(-1);
    if (around === undefined) this.#root = part;
    else around.parts.push(part);
  }

  #leafOf(header: PartHeader): LeafBody {
    // A multipart that has no boundary cannot be cut: it is read as it stands.
    const isText = header.isBody || (header.boundary === null && header.type.startsWith('multipart/'));
    if (!isText) {
      const { type, filename, contentId, disposition } = header;
      const body = this.files.open({ filename, contentType: type, contentId, disposition });
      return fileBody(header, body, this.reports.of(type));
    }
    if (header.encoding !== 'identity' || header.type === 'text/html') return textBody(header, this.#budget);
    return typedBody(header, this.#budget, (name) => this.#typedFile(name));
  }

  /** Null for one too many: five lines of text are enough for a file. */
  #typedFile(written: string): FileBody | null {
    if (this.files.count >= MAX_PARTS) {
      this.limit('parts');
      return null;
    }
    const filename = fieldText(written, this.#charset).replace(/\p{Cc}/gu, ' ');
    return this.files.open({
      filename: filename === '' ? null : filename,
      contentType: typeOfName(filename),
      contentId: null,
      disposition: 'attachment',
    });
  }

  #learnCharset({ text }: PartHeader): void {
    if (this.#charset !== null || text.charset === null) return;
    const charset = charsetOf(text.charset);
    if (charset.kind === 'known') this.#charset = charset.name;
  }
}
