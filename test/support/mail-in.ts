import { createHash } from 'node:crypto';
import { Place } from './place.ts';
import { soon } from './wait-until.ts';

const KEY = 'operator-key-of-the-mail-that-comes-in';

/** A process of the service into which mail is posted, and out of which it is read again. */
export interface MailIn {
  readonly url: string;
  readonly key: string;
  /** Hands a mail in; answers its id. @throws when it was not taken. */
  post(raw: Uint8Array): Promise<string>;
  /** SHA-256 of the bytes behind `raw.download_url`, in hex. */
  rawSha256(id: string): Promise<string>;
  /** Whether it is told as received in time: then somebody has read it, or tried. */
  isTold(id: string, withinMs: number): Promise<boolean>;
  /** How it was read. */
  parse(id: string): Promise<string>;
  get(path: string): Promise<unknown>;
  /** The process has not ended. */
  isAlive(): boolean;
  log(): string;
  stop(): Promise<void>;
}

export async function startMailIn(
  more: { readonly settings?: Readonly<Record<string, string>>; readonly lifetimeMs?: number } = {},
): Promise<MailIn> {
  const place = await Place.open();
  const settings = { API_KEY: KEY, RATE_LIMIT: '0', LOG_LEVEL: 'info', ...more.settings };
  const { lifetimeMs } = more;
  const running = await place.start(settings, 'node', lifetimeMs === undefined ? {} : { lifetimeMs });
  const { url, child } = running;
  const headers = { authorization: `Bearer ${KEY}` };
  const get = async (path: string): Promise<unknown> => {
    const response = await fetch(`${url}${path}`, { headers });
    if (response.status !== 200) throw new Error(`GET ${path}: ${response.status}`);
    return await response.json();
  };
  return {
    url,
    key: KEY,
    get,
    async post(raw) {
      const response = await fetch(`${url}/inbound/mime?from=ann@sender.example&to=desk@shop.example`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'message/rfc822' },
        body: Uint8Array.from(raw),
      });
      const text = await response.text();
      if (response.status !== 200) throw new Error(`POST /inbound/mime: ${response.status} ${text}`);
      return textAt(JSON.parse(text), 'id');
    },
    async rawSha256(id) {
      const link = textAt(await get(`/emails/receiving/${id}`), 'raw', 'download_url');
      const response = await fetch(link);
      const hash = createHash('sha256');
      for await (const piece of response.body ?? []) hash.update(piece);
      return hash.digest('hex');
    },
    isTold: (id, withinMs) =>
      soon(async () => {
        const events = await get(`/events?type=email.received&email_id=${id}`);
        return JSON.stringify(events).includes(id);
      }, withinMs),
    parse: async (id) => textAt(await get(`/emails/receiving/${id}`), 'parse'),
    isAlive: () => child.exitCode === null && child.signalCode === null,
    log: () => running.stdout() + running.stderr(),
    async stop() {
      await running.end('SIGTERM');
      await place.close();
    },
  };
}

function textAt(value: unknown, ...path: readonly string[]): string {
  let at = value;
  for (const name of path) at = new Map(Object.entries(at ?? {})).get(name);
  if (typeof at !== 'string') throw new Error(`No ${path.join('.')} in ${JSON.stringify(value)}`);
  return at;
}
