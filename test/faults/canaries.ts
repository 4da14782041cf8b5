import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { call } from '../support/caller.ts';
import { CrashRunner } from '../support/crash-runner.ts';
import { startScriptedServer } from '../support/scripted-smtp-server.ts';
import { soon } from '../support/wait-until.ts';
import { startWebStub } from '../support/web-stub.ts';
import type { Report } from './figure.ts';

const mark = (what: string): string => `canary-${what}-${randomUUID().slice(0, 13)}`;
const SETTLED_WITHIN_MS = 15_000;

/** Everything that may be in no output, by where it comes from. The first are secrets: they may not be on disk either. */
function newCanaries() {
  return {
    secrets: {
      operatorKey: mark('key'),
      relayPassword: mark('pass'),
      secretKey: mark('secret-key-of-40-characters'),
    },
    personal: {
      subject: mark('subject'),
      text: mark('text'),
      html: mark('html'),
      name: mark('name'),
      recipient: mark('to').toLowerCase(),
      header: mark('header'),
      file: mark('file'),
      filename: mark('filename'),
      reply: mark('reply'),
      answer: mark('answer'),
    },
  };
}

type Canaries = ReturnType<typeof newCanaries>;

/** Mail and webhooks that go well and that fail, at the most talkative level: what must stay inside is looked for outside. */
export async function canaries({ rounds }: { readonly rounds: number }): Promise<Report> {
  const leaks: string[] = [];
  let places = 0;
  let lines = 0;
  for (let round = 0; round < rounds; round++) {
    const one = await play(newCanaries());
    leaks.push(...one.leaks);
    places += one.places;
    lines += one.lines;
  }
  return {
    part: 'canaries',
    figures: [
      {
        figure: 'secrets and personal data in logs, errors and where no secret may be stored',
        seen: leaks.length,
        of: places,
        unit: 'canaries by place',
        atMost: 0,
      },
    ],
    facts: { 'lines of log searched': lines, rounds },
    evidence: leaks,
  };
}

async function play(canaries: Canaries) {
  const { secrets, personal } = canaries;
  const refusal = { kind: 'reply', lines: [`550 5.1.1 no such user ${personal.reply}`] } as const;
  const server = await startScriptedServer({
    script: { rcpt: ({ count }) => (count % 2 === 1 ? refusal : null), auth: () => null },
  });
  const stub = await startWebStub();
  const runner = await CrashRunner.open({
    API_KEY: secrets.operatorKey,
    SECRET_KEY: secrets.secretKey,
    DOMAINS: 'example.com',
    RATE_LIMIT: '0',
    EGRESS_ALLOW: '127.0.0.1',
    RELAY_URL: `smtp://postman:${secrets.relayPassword}@localhost:${server.port}?tls=none`,
    LOG_LEVEL: 'debug',
  });
  try {
    await runner.start();
    const made = await useAll(runner, canaries, stub.origin);
    await runner.stop();
    const stored = await bytesBelow(runner.dataDir);
    const every = { ...secrets, ...made.secrets, ...personal };
    const found = (text: string, where: string, among: Readonly<Record<string, string>>) =>
      Object.entries(among).flatMap(([what, canary]) =>
        text.includes(canary) ? [`${what} in ${where}`] : [],
      );
    const onDisk = { ...secrets, ...made.secrets };
    return {
      leaks: [
        ...found(runner.log, 'the log', every),
        ...found(made.errors, 'errors', { ...secrets, ...made.secrets }),
        ...found(stored, 'the data folder', onDisk),
      ],
      places: 2 * Object.keys(every).length + Object.keys(onDisk).length - Object.keys(personal).length,
      lines: runner.log.split('\n').length,
    };
  } finally {
    await runner.close();
    await stub.close();
    await server.close();
  }
}

async function useAll(runner: CrashRunner, { secrets, personal }: Canaries, origin: string) {
  const errors: string[] = [];
  const ask = async (path: string, body?: unknown, key = secrets.operatorKey) => {
    const given = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await call({ url: `${runner.url}${path}`, key, ...given });
    if (answer === null || answer.status >= 400) errors.push(answer?.text ?? '');
    return JSON.parse(answer?.text ?? '{}');
  };
  const { token = '' } = await ask('/api-keys', { name: 'another' });
  const events = ['email.sent', 'email.bounced'];
  const { signing_secret: secret = '' } = await ask('/webhooks', {
    endpoint: `${origin}/status/500`,
    events,
  });
  await ask('/webhooks', { endpoint: `${origin}/${personal.answer}`, events });
  const mail = {
    from: `${personal.name} <you@example.com>`,
    to: `${personal.recipient}@example.org`,
    subject: personal.subject,
    text: personal.text,
    html: `<p>${personal.html}</p>`,
    headers: { 'X-Note': personal.header },
    attachments: [{ filename: personal.filename, content: Buffer.from(personal.file).toString('base64') }],
  };
  for (let sent = 0; sent < 4; sent++) await ask('/emails', mail, token);
  // Requests that are refused for what they hold, or for how they are sent.
  await ask('/emails', { ...mail, from: `x@${personal.recipient}.example` });
  await ask('/emails', { ...mail, to: personal.recipient });
  await ask('/emails', { ...mail, headers: { [personal.header]: 7 } });
  await ask('/emails', mail, `${token}x`);
  await ask('/webhooks', { endpoint: `https://10.0.0.1/${secrets.operatorKey}`, events });
  await ask(`/emails/${personal.recipient}`);
  await soon(async () => (await ask('/health')).queue?.depth === 0, SETTLED_WITHIN_MS);
  return {
    errors: errors.join('\n'),
    secrets: { apiKey: token, webhookSecret: secret.replace('whsec_', '') },
  };
}

/** Every byte of every file, one character each. */
async function bytesBelow(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const all = await Promise.all(
    files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'latin1')),
  );
  return all.join('\n');
}
