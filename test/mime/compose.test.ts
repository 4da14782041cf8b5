import { createHash } from 'node:crypto';
import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { compose } from '../../src/mime/compose.ts';
import { byteFaults, fieldNames, isSevenBit, readMessage } from '../support/header-reader.ts';
import { bytesOf, latin1, plainMessage } from './message-under-test.ts';
import { hasPython, readWithPython } from './python-email.ts';

const composed = async (change: Partial<typeof plainMessage>) =>
  bytesOf(await compose({ ...plainMessage, ...change }));

/** postal-mime keeps the line end before a boundary, which is the boundary's (RFC 2046 §5.1.1). */
const oneLineEnd = (text: string | undefined) => text?.replaceAll('\r\n', '\n').replace(/\n+$/, '\n');

/** Name, subject and text in many scripts: each comes back as it went in. */
const SCRIPTS: readonly (readonly [script: string, text: string])[] = [
  ['Korean', '주문하신 상품이 발송되었습니다. 감사합니다'],
  ['Japanese', 'ご注文ありがとうございます。髙島屋﨑'],
  ['Chinese', '您的訂單已發貨，请查收 𠮷野家 𡃁'],
  ['Arabic', 'شكراً لطلبك رقم ١٢٣'],
  ['Hebrew', 'תודה על ההזמנה "שלך"'],
  ['bidirectional', 'abc \u202eأب\u202c 123'],
  ['emoji', '🎉 👩‍👩‍👧‍👦 🇰🇷 👍🏽 done'],
  ['Thai', 'ขอบคุณสำหรับการสั่งซื้อ'],
  ['Latin', 'Größe: naïve façade, Çağrı, Łódź'],
  ['combining marks', 'e\u0301 a\u030a o\u0308\u0304'],
  ['next line and separators', 'a\u0085b\u2028c\u2029d\te'],
  ['a long word', '가'.repeat(300)],
  ['a long ASCII word', 'x'.repeat(990)],
  ['a look-alike', '=?utf-8?Q?x=0D=0AX-Injected:_1?='],
  ['a look-alike amid text', 'see =?utf-8?B?aGk=?= and =?x?Q?a b?= here'],
  ['a percent escape', 'x%0d%0aX-Injected: 1'],
  ['quotes and specials', 'a "b" \\ (c) <d@e.example>, f; g: h'],
  ['an address', 'admin@bank.example'],
];

describe('text of every script', () => {
  it.each(SCRIPTS)('%s comes back identical through postal-mime', async (_script, text) => {
    const bytes = await composed({
      subject: text,
      from: { name: text, address: 'shop@mail.example' },
      to: [{ name: text, address: 'ada@good.example' }],
      headers: [['X-Note', text]],
      text: `${text}\r\n`,
      html: `<p>${text}</p>\r\n`,
    });
    const email = await PostalMime.parse(bytes);
    expect({
      subject: email.subject,
      from: [email.from?.name, email.from?.address],
      to: email.to?.map((to) => [to.name, to.address]),
      text: oneLineEnd(email.text),
      html: oneLineEnd(email.html),
      faults: byteFaults(bytes),
      isSevenBit: isSevenBit(bytes),
    }).toEqual({
      subject: text,
      from: [text, 'shop@mail.example'],
      to: [[text, 'ada@good.example']],
      text: `${text}\n`,
      html: `<p>${text}</p>\n`,
      faults: [],
      isSevenBit: true,
    });
  });

  it.skipIf(!hasPython)('the same comes back identical through Python', async () => {
    const bytes = await Promise.all(
      SCRIPTS.map(([, text]) =>
        composed({
          subject: text,
          from: { name: text, address: 'shop@mail.example' },
          to: [{ name: text, address: 'ada@good.example' }],
          headers: [['X-Note', text]],
          text: `${text}\r\n`,
          html: `<p>${text}</p>\r\n`,
        }),
      ),
    );
    readWithPython(bytes).forEach((read, i) => {
      const [script, text] = SCRIPTS[i] ?? ['', ''];
      expect({ script, ...read, names: undefined, headers: read.headers['x-note'] }).toEqual({
        script,
        names: undefined,
        subject: text,
        from: [[text, 'shop@mail.example']],
        to: [[text, 'ada@good.example']],
        headers: text,
        text: `${text}\n`,
        html: `<p>${text}</p>\n`,
        defects: [],
      });
    });
  });
});

describe('the parts', () => {
  it.each([
    ['text alone', { text: 'a\r\n', html: null }, 'text/plain; charset=utf-8'],
    ['html alone', { text: null, html: '<p>a</p>' }, 'text/html; charset=utf-8'],
    ['an empty text beside html', { text: '', html: '<p>a</p>' }, 'text/html; charset=utf-8'],
    ['both', { text: 'a', html: '<p>a</p>' }, 'multipart/alternative; boundary=mw-k3Jd9sLq0aZx7WvB-Part_1'],
    ['nothing', { text: '', html: null }, 'text/plain'],
  ])('%s has the type that fits', async (_case, change, type) => {
    const { fields } = readMessage(await composed(change));
    expect(fields.filter((field) => field.name === 'Content-Type').map((field) => field.value)).toEqual([
      type,
    ]);
  });

  it('text comes before html, so that a reader prefers html', async () => {
    const { body } = readMessage(await composed({ text: 'a', html: '<p>a</p>' }));
    expect(body.match(/^Content-Type: .*$/gm)).toEqual([
      'Content-Type: text/plain; charset=utf-8',
      'Content-Type: text/html; charset=utf-8',
    ]);
  });

  it.each([
    ['short ASCII lines', 'plain text\r\nof two lines\r\n', undefined],
    ['a long line', `${'word '.repeat(300)}\r\n`, 'quoted-printable'],
    ['some accents', 'Grüße aus Köln an alle Leser dieser Zeilen', 'quoted-printable'],
    ['Korean', '안녕하세요 여러분', 'base64'],
    ['NUL', 'a\0b and some more text', 'quoted-printable'],
    ['DEL', 'a\u007fb and some more text', 'quoted-printable'],
    ['mostly Korean in markup', `<p>${'안녕하세요 '.repeat(20)}</p>`, 'base64'],
    ['ASCII of 200 kB', 'x y z\r\n'.repeat(30_000), 'quoted-printable'],
  ])('%s travels as fits', async (_case, text, encoding) => {
    const bytes = await composed({ text });
    const { fields } = readMessage(bytes);
    const found = fields.find((field) => field.name === 'Content-Transfer-Encoding')?.value;
    expect([found === '7bit' ? undefined : found, byteFaults(bytes), isSevenBit(bytes)]).toEqual([
      encoding,
      [],
      true,
    ]);
  });

  it('no body asks for flowed text, and no field names the program', async () => {
    const bytes = await composed({ text: 'a '.repeat(500), html: '<p>a</p>' });
    expect(latin1(bytes)).not.toMatch(/format=flowed|X-Mailer|User-Agent|nodemailer/i);
  });

  it('a body without a line end gets one', async () => {
    expect(latin1(await composed({ text: 'end' })).endsWith('\r\nend\r\n')).toBe(true);
  });
});

describe('identity of the bytes', () => {
  it('the same message gives the same bytes on every call and on every opening', async () => {
    const message = { ...plainMessage, subject: '안녕', text: 'a', html: '<p>b</p>' };
    const first = await compose(message);
    const second = await compose(structuredClone(message));
    const [a, b, c] = [await bytesOf(first), await bytesOf(first), await bytesOf(second)];
    expect([Buffer.compare(a, b), Buffer.compare(a, c), first.sha256]).toEqual([0, 0, second.sha256]);
  });

  it('size and digest are those of the bytes', async () => {
    const sealed = await compose({ ...plainMessage, text: '한글 '.repeat(60_000) });
    const bytes = await bytesOf(sealed);
    expect([sealed.size, sealed.sha256]).toEqual([
      bytes.length,
      createHash('sha256').update(bytes).digest('hex'),
    ]);
  });

  it('a message is not changed by composing it', async () => {
    const message = { ...plainMessage, html: '<p>a</p>', headers: [['X-A', 'b']] as const };
    const before = structuredClone(message);
    await compose(message);
    expect(message).toEqual(before);
  });

  it('a boundary that is not one of ours is a defect and throws', async () => {
    await expect(compose({ ...plainMessage, boundary: 'x"\r\nX-Injected: 1' })).rejects.toThrow('boundary');
  });
});

describe('the header', () => {
  it('has exactly the fields of the message, in a fixed order', async () => {
    const bytes = await composed({
      cc: [{ name: '', address: 'cc@good.example' }],
      replyTo: [{ name: 'Help', address: 'help@mail.example' }],
      headers: [['X-Entity-Ref-ID', '1']],
    });
    expect(fieldNames(bytes)).toEqual(
      'from to cc reply-to subject date message-id x-entity-ref-id mime-version content-transfer-encoding content-type'.split(
        ' ',
      ),
    );
  });

  it('Message-ID and Date are those of the message', async () => {
    const { fields } = readMessage(await composed({}));
    expect(fields.filter((field) => /^(message-id|date)$/i.test(field.name))).toEqual([
      { name: 'Date', value: 'Fri, 02 Jan 2026 03:04:05 +0000' },
      { name: 'Message-ID', value: '<0197f0aa@mail.example>' },
    ]);
  });

  it('custom headers keep their spelling, and what programs read in them', async () => {
    const headers: readonly (readonly [string, string])[] = [
      ['X-SMTPAPI', '{"category":["a","b"],"unique_args":{"k":"v"}}'],
      ['X-PM-Message-Stream', 'outbound'],
      ['In-Reply-To', '<a.b@c.example>'],
      ['References', Array.from({ length: 40 }, (_, i) => `<${i}.message@mail.example>`).join(' ')],
      ['List-Unsubscribe', '<https://shop.example/u?id=1&t=%0d>, <mailto:u@shop.example?subject=x>'],
      ['List-Id', '"My list" <list.shop.example>'],
      ['Feedback-ID', 'a:b:c:d'],
      ['X-Empty', ''],
      ['X-Spaces', 'a  b   c'],
    ];
    const bytes = await composed({ headers });
    const { fields } = readMessage(bytes);
    const custom = fields.slice(5, -3).map((field) => [field.name, field.value]);
    expect({ custom, faults: byteFaults(bytes) }).toEqual({ custom: headers, faults: [] });
    expect(
      Math.max(
        ...latin1(bytes)
          .split('\r\n')
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(90);
  });

  it('an address with a non-ASCII local part is written as UTF-8, and the message says so', async () => {
    const plain = await compose(plainMessage);
    const sealed = await compose({
      ...plainMessage,
      to: [{ name: '', address: '用户@xn--r8jz45g.example' }],
    });
    expect([plain.needsSmtpUtf8, sealed.needsSmtpUtf8, sealed.needs8BitMime]).toEqual([false, true, false]);
    expect(Buffer.from(await bytesOf(sealed)).toString('utf8')).toContain('To: 用户@xn--r8jz45g.example\r\n');
  });

  it('the mailboxes of a field are the addresses given, whatever the names say', async () => {
    const to = [
      'a',
      'Doe, John',
      '"q"',
      'x <y@z.example>',
      'g: h@i.example;',
      '(c)',
      '=?utf-8?Q?a=40b.example?=',
      'x\\',
    ].map((name, i) => ({ name, address: `r${i}@good.example` }));
    const bytes = await composed({ to });
    const email = await PostalMime.parse(bytes);
    expect(email.to?.map(({ name, address }) => ({ name, address }))).toEqual(to);
    if (hasPython)
      expect(readWithPython([bytes])[0]?.to).toEqual(to.map(({ name, address }) => [name, address]));
  });
});
