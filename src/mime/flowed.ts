/** RFC 3676 §4.3: ends the text before it, and is no flowed line although it ends with a space. */
const SIGN_OFF = '-- ';

interface Line {
  readonly depth: number;
  readonly content: string;
}

/**
 * Joins the lines that `format=flowed` broke (RFC 3676 §4.2), quoted ones with those of the same depth. Quote marks stay as
 * text; with `delSp` the space that marked the break goes.
 *
 * @param text with LF line ends
 */
export function unflowed(text: string, delSp: boolean): string {
  const paragraphs: string[] = [];
  let open = null as Line | null;
  for (const written of text.split('\n')) {
    const line = lineOf(written);
    const isSignature = line.content === SIGN_OFF;
    if (open !== null && (open.depth !== line.depth || isSignature)) {
      paragraphs.push(quoted(open));
      open = null;
    }
    const isFlowed = line.content.endsWith(' ') && !isSignature;
    const content: string = isFlowed && delSp ? line.content.slice(0, -1) : line.content;
    open = { depth: line.depth, content: (open?.content ?? '') + content };
    if (isFlowed) continue;
    paragraphs.push(quoted(open));
    open = null;
  }
  if (open !== null) paragraphs.push(quoted(open));
  return paragraphs.join('\n');
}

/** Quote marks first, then the space that was stuffed in behind them (RFC 3676 §4.4). */
function lineOf(written: string): Line {
  let depth = 0;
  while (written[depth] === '>') depth += 1;
  const start = written[depth] === ' ' ? depth + 1 : depth;
  return { depth, content: written.slice(start) };
}

function quoted({ depth, content }: Line): string {
  return depth === 0 ? content : `${'>'.repeat(depth)} ${content}`;
}
