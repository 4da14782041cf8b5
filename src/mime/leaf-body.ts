import type { BodyPart } from './body-parts.ts';
import type { FileBody } from './file-body.ts';
import { MAX_PREAMBLE_BYTES } from './parse-limits.ts';
import type { PartHeader } from './part-header.ts';
import type { ReportText } from './report-collector.ts';
import { TextBudget, TextCollector } from './text-collector.ts';
import { transferDecoder } from './transfer-decoder.ts';
import { UuInText } from './uu-in-text.ts';

/** Where the body of the part at hand goes. */
export interface LeafBody {
  readonly isPreamble: boolean;
  push(bytes: Uint8Array): void;
  /** All of it came. Answers what it is in the mail. */
  end(): BodyPart;
  /** The reading ends inside it. */
  cut(): BodyPart;
}

/** A text part, held in memory within the budget. */
export function textBody(header: PartHeader, budget: TextBudget): LeafBody {
  const collector = new TextCollector(budget, header.encoding === 'identity');
  const decoder = transferDecoder(header.encoding);
  const end = (): BodyPart => {
    collector.push(decoder.end());
    return textPart(header, collector);
  };
  return { isPreamble: false, push: (bytes) => collector.push(decoder.decode(bytes)), end, cut: end };
}

/** The same for plain text as it was typed: it may hold files by uuencode. */
export function typedBody(
  header: PartHeader,
  budget: TextBudget,
  open: (filename: string) => FileBody | null,
): LeafBody {
  const collector = new TextCollector(budget, true);
  const scan = new UuInText({ text: (bytes) => collector.push(bytes), open });
  return {
    isPreamble: false,
    push: (bytes) => scan.push(bytes),
    end: () => {
      scan.end();
      return textPart(header, collector);
    },
    cut: () => {
      scan.cut();
      return textPart(header, collector);
    },
  };
}

function textPart(header: PartHeader, collector: TextCollector): BodyPart {
  const type = header.type === 'text/html' ? 'html' : 'plain';
  return { kind: 'text', type, content: { ...header.text, bytes: collector.take() } };
}

/**
 * What stands before the parts of a multipart: nothing that is shown (RFC 2046 §5.1.1), unless no part ever comes; then it is
 * all there is.
 */
export function preambleBody(limits: TextBudget): LeafBody {
  const budget = new TextBudget((broken) => limits.broken(broken));
  budget.bytes = Math.min(MAX_PREAMBLE_BYTES, limits.bytes);
  const collector = new TextCollector(budget, true);
  const end = (): BodyPart => {
    const bytes = collector.take();
    limits.bytes -= bytes.length;
    return { kind: 'text', type: 'plain', content: { bytes, charset: null, isFlowed: false, delSp: false } };
  };
  return { isPreamble: true, push: (bytes) => collector.push(bytes), end, cut: end };
}

/** A file, on its way to the sink; of a report's parts a copy is kept. */
export function fileBody(header: PartHeader, file: FileBody, report: ReportText | null): LeafBody {
  const decoder = transferDecoder(header.encoding);
  const push = (bytes: Uint8Array): void => {
    file.push(bytes);
    report?.push(bytes);
  };
  return {
    isPreamble: false,
    push: (bytes) => push(decoder.decode(bytes)),
    end: () => {
      push(decoder.end());
      file.close();
      return { kind: 'file' };
    },
    cut: () => {
      file.cut();
      return { kind: 'file' };
    },
  };
}
