/** The mails of the benches, as a caller writes them. */
export interface Mail {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly text?: string;
  readonly html?: string;
}

const SENTENCE = 'Your order has left our house today and will be with you in two or three days. ';
const KOREAN = '주문하신 상품이 오늘 발송되었습니다. 이틀에서 사흘 안에 받아 보실 수 있습니다. ';
const ROW =
  '<tr><td style="padding:4px 8px;font-family:sans-serif">A thing of some use</td><td align="right">12,50&nbsp;€</td></tr>\n';

function lines(sentence: string, bytes: number): string {
  const line = `${sentence.trim()}\r\n`;
  return line.repeat(Math.ceil(bytes / Buffer.byteLength(line)));
}

function page(content: string): string {
  return `<!doctype html>\n<html><head><meta charset="utf-8"><title>Order</title></head>\n<body>\n${content}</body></html>\n`;
}

const BASE = { from: 'Shop <orders@shop.example>', to: 'Ada Lovelace <ada@customer.example>' } as const;

export const TEXT_1K: Mail = { ...BASE, subject: 'Your order 4711', text: lines(SENTENCE, 1_000) };

/** Text and html; 5 kB as it is composed. */
export const ALTERNATIVE_5K: Mail = {
  ...BASE,
  subject: 'Your order 4711: Grüße aus dem Laden',
  text: lines(SENTENCE, 1_200),
  html: page(`<p>${SENTENCE}</p>\n<table>\n${ROW.repeat(22)}</table>\n`),
};

export const KOREAN_12K: Mail = {
  ...BASE,
  subject: '주문하신 상품이 발송되었습니다',
  text: lines(KOREAN, 3_500),
  html: page(`<p>${KOREAN}</p>\n`.repeat(42)),
};
