import { corpusFile } from './corpora.ts';

/** One address of the isemail test set, and what that set says of it. */
export interface IsemailRow {
  readonly address: string;
  readonly category: string;
  readonly diagnosis: string;
}

/** The newer and the older set; empty where the corpora are not present. */
export const [newer = [], older = []] = ['tests.xml', 'tests-original.xml'].map((name) =>
  rowsOf(corpusFile(`isemail/${name}`)?.toString('utf8') ?? ''),
);

/** Control characters are written as the control pictures from U+2400. */
function rowsOf(xml: string): readonly IsemailRow[] {
  return Array.from(xml.matchAll(/<test id=[\s\S]*?<\/test>/g), ([test]) => {
    const text = (tag: string) =>
      (new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(test)?.[1] ?? '')
        .replace(/&#x([0-9a-fA-F]+);/g, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
        .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&quot;', '"')
        .replaceAll('&amp;', '&');
    const address = text('address').replace(/[\u2400-\u241f]/g, (picture) =>
      String.fromCharCode(picture.charCodeAt(0) - 0x2400),
    );
    return { address, category: text('category'), diagnosis: text('diagnosis') };
  });
}
