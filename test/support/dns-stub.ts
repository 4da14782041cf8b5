import { createSocket } from 'node:dgram';

export type RecordType = 'A' | 'AAAA' | 'CNAME';

export interface StubRecord {
  /** Defaults to the name that was asked for. */
  readonly name?: string;
  readonly type: RecordType;
  /** An address, or a name for CNAME. */
  readonly data: string;
}

/** Records, with NOERROR; a code without records; or no answer at all. */
export type StubReply = readonly StubRecord[] | 'NXDOMAIN' | 'SERVFAIL' | 'silence';

export interface Question {
  readonly name: string;
  readonly type: RecordType;
  /** How often this very question came before. */
  readonly earlier: number;
}

/** A DNS server on loopback that answers as told, always with TTL 0. */
export interface DnsStub {
  /** `127.0.0.1:port` */
  readonly address: string;
  readonly questions: readonly Question[];
  /** Resolves when a question about this name has come. */
  asked(name: string): Promise<void>;
  close(): void;
}

const TYPES: Readonly<Record<number, RecordType>> = { 1: 'A', 5: 'CNAME', 28: 'AAAA' };
const NUMBERS: Readonly<Record<RecordType, number>> = { A: 1, CNAME: 5, AAAA: 28 };
const HEADER_BYTES = 12;
const RCODES = { NXDOMAIN: 3, SERVFAIL: 2 } as const;

/** @param port any by default. */
export async function startDnsStub(reply: (question: Question) => StubReply, port = 0): Promise<DnsStub> {
  const socket = createSocket('udp4');
  const questions: Question[] = [];
  const waiting: { readonly name: string; readonly done: () => void }[] = [];
  socket.on('message', (query, sender) => {
    const { name, type, end } = readQuestion(query);
    const earlier = questions.filter((one) => one.name === name && one.type === type).length;
    const question = { name, type, earlier };
    questions.push(question);
    for (const one of waiting) if (one.name === name) one.done();
    const answer = reply(question);
    if (answer !== 'silence') socket.send(writeReply(query.subarray(0, end), question, answer), sender.port);
  });
  await new Promise<void>((resolve) => socket.bind(port, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    questions,
    asked: (name) =>
      questions.some((one) => one.name === name)
        ? Promise.resolve()
        : new Promise((done) => waiting.push({ name, done })),
    close: () => void socket.close(),
  };
}

/** Answers A and AAAA from one list of addresses by name; other names do not exist. */
export function zone(
  addresses: Readonly<Record<string, readonly string[]>>,
): (question: Question) => StubReply {
  return ({ name, type }) => {
    const found = addresses[name];
    if (found === undefined) return 'NXDOMAIN';
    return found
      .filter((address) => (address.includes(':') ? 'AAAA' : 'A') === type)
      .map((data) => ({ type, data }));
  };
}

function readQuestion(query: Buffer): {
  readonly name: string;
  readonly type: RecordType;
  readonly end: number;
} {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const type = TYPES[query.readUInt16BE(at + 1)];
  if (type === undefined) throw new Error('a question of a type the stub does not know');
  return { name: labels.join('.').toLowerCase(), type, end: at + 5 };
}

function writeReply(query: Buffer, question: Question, reply: Exclude<StubReply, 'silence'>): Buffer {
  const records = typeof reply === 'string' ? [] : reply;
  const head = Buffer.from(query);
  // A response, with recursion available, and the code.
  head.writeUInt16BE(0x8180 | (typeof reply === 'string' ? RCODES[reply] : 0), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  head.writeUInt32BE(0, 8);
  return Buffer.concat([head, ...records.map((record) => writeRecord(record, question.name))]);
}

function writeRecord({ name, type, data }: StubRecord, asked: string): Buffer {
  const value = type === 'CNAME' ? writeName(data) : writeAddress(data);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(NUMBERS[type], 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt16BE(value.length, 8);
  return Buffer.concat([writeName(name ?? asked), fixed, value]);
}

function writeName(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label, 'latin1')]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}

function writeAddress(text: string): Buffer {
  if (!text.includes(':')) return Buffer.from(text.split('.').map(Number));
  // `new URL()` prints every spelling in hex groups, with one "::" at most.
  const groups = new URL(`http://[${text}]/`).hostname
    .slice(1, -1)
    .split('::')
    .map((half) => half.split(':').filter((part) => part !== ''));
  const [left = [], right = []] = groups;
  const middle = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return Buffer.concat(
    [...left, ...middle, ...right].map((group) => Buffer.from(group.padStart(4, '0'), 'hex')),
  );
}
