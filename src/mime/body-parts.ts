/** A part as its place in the mail decides what it is: nothing of its bytes. */
export type BodyPart =
  | { readonly kind: 'multipart'; readonly subtype: string; readonly parts: BodyPart[] }
  | { readonly kind: 'text'; readonly type: 'plain' | 'html'; readonly content: TextContent }
  | { readonly kind: 'file' };

/** A text part as it came, its transfer encoding undone, and what its Content-Type says of it. */
export interface TextContent {
  readonly bytes: Uint8Array;
  readonly charset: string | null;
  readonly isFlowed: boolean;
  readonly delSp: boolean;
}

export type TextPart = Extract<BodyPart, { readonly kind: 'text' }>;

/**
 * Which text parts make up the plain body and which the HTML body (RFC 8621 §4.1.4): of an alternative the one or the other,
 * of everything else both, so that a footer behind an alternative stands in both.
 */
export function bodyLists(root: BodyPart): {
  readonly text: readonly TextPart[];
  readonly html: readonly TextPart[];
} {
  const lists = { text: [] as TextPart[], html: [] as TextPart[] };
  collect([root], 'mixed', false, lists.text, lists.html);
  return lists;
}

/** Recursion no deeper than MAX_DEPTH: the reader opens no more multiparts. */
function collect(
  parts: readonly BodyPart[],
  subtype: string,
  isInAlternative: boolean,
  text: TextPart[] | null,
  html: TextPart[] | null,
): void {
  const textBefore = text?.length ?? -1;
  const htmlBefore = html?.length ?? -1;
  let [ownText, ownHtml] = [text, html];
  for (const part of parts) {
    switch (part.kind) {
      case 'file':
        break;
      case 'multipart':
        collect(
          part.parts,
          part.subtype,
          isInAlternative || part.subtype === 'alternative',
          ownText,
          ownHtml,
        );
        break;
      case 'text':
        if (subtype === 'alternative') (part.type === 'plain' ? ownText : ownHtml)?.push(part);
        else {
          if (isInAlternative && part.type === 'plain') ownHtml = null;
          if (isInAlternative && part.type === 'html') ownText = null;
          ownText?.push(part);
          ownHtml?.push(part);
        }
        break;
    }
  }
  if (subtype !== 'alternative' || text === null || html === null) return;
  // Only one of the two forms was there: it is the other one as well.
  if (text.length === textBefore && html.length !== htmlBefore) text.push(...html.slice(htmlBefore));
  else if (html.length === htmlBefore && text.length !== textBefore) html.push(...text.slice(textBefore));
}
