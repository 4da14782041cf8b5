import { createHash, randomUUID } from 'node:crypto';
import { Clerk } from '../../src/clerk/clerk.ts';
import type { Rooms } from '../../src/clerk/rooms.ts';
import type { Host, HostLine } from '../../src/due/host.ts';
import type { Async, Mailroom, MailroomConfig } from '../../src/mailroom/mailroom.ts';
import { openMailroom } from '../../src/mailroom/open.ts';
import type { EmailRecord, NewEmail } from '../../src/mailroom/records.ts';
import { compose } from '../../src/mime/compose.ts';
import type { Compose } from '../../src/mime/message.ts';
import type { ReturnPaths } from '../../src/mime/return-path.ts';
import type { SqliteFile } from '../../src/platform/node/sqlite.ts';
import { openSqlite } from '../../src/platform/node/sqlite.ts';
import type { MemoryObjects } from './memory-objects.ts';
import { memoryObjects } from './memory-objects.ts';
import { ROOM_CONFIG } from './room-config.ts';
import { type ScriptedReceivers, SECRET, scriptedReceivers } from './scripted-receivers.ts';
import type { ScriptedRelay } from './scripted-relay.ts';
import { scriptedRelay } from './scripted-relay.ts';
import { ToldClock } from './told-clock.ts';

export const NOON = Date.UTC(2026, 0, 1, 12);

/** The house in memory: real mailrooms on real SQLite, a clock that is told the time, relays that answer as told. */
export class House implements Rooms {
  readonly clock = new ToldClock(NOON);
  readonly relays: readonly ScriptedRelay[];
  readonly objects: MemoryObjects = memoryObjects(this.clock.now);
  readonly receivers: ScriptedReceivers = scriptedReceivers(this.clock.after);
  readonly log: HostLine[] = [];
  readonly host: Host = {
    now: this.clock.now,
    after: this.clock.after,
    log: (line) => void this.log.push(line),
    hasher: () => {
      const hash = createHash('sha256');
      return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest('hex') };
    },
  };
  /** Overrides of single verbs, for what a real room does not do on demand. */
  readonly overrides: { -readonly [Verb in keyof Async<Mailroom>]?: Async<Mailroom>[Verb] } = {};
  clerk: Clerk;
  #composing = 0;
  readonly #compose: Compose = async (message) => {
    this.#composing += 1;
    return compose(message).finally(() => {
      this.#composing -= 1;
    });
  };
  readonly #config: MailroomConfig;
  readonly #returnPaths: { readonly returnPaths?: ReturnPaths };
  readonly #rooms = new Map<string, { readonly sql: SqliteFile; readonly room: Mailroom }>();

  constructor(
    options: {
      readonly relays?: readonly ScriptedRelay[];
      readonly config?: Partial<MailroomConfig>;
      readonly accounts?: readonly string[];
      readonly returnPaths?: ReturnPaths;
    } = {},
  ) {
    this.clock.isBusy = () => this.#composing > 0 || this.receivers.isBusy();
    this.relays = options.relays ?? [scriptedRelay({ name: 'main' })];
    this.#returnPaths = options.returnPaths === undefined ? {} : { returnPaths: options.returnPaths };
    this.#config = {
      ...ROOM_CONFIG,
      relays: this.relays.map(({ name }) => name),
      returnPaths: options.returnPaths !== undefined,
      ...options.config,
    };
    for (const name of options.accounts ?? ['default']) {
      const sql = openSqlite(':memory:');
      const room = openMailroom({ sql, config: this.#config, newId: randomUUID, random: () => 0.5 });
      this.#rooms.set(name, { sql, room });
    }
    this.clerk = this.#newClerk();
  }

  names(): readonly string[] {
    return [...this.#rooms.keys()];
  }

  async room(account: string): Promise<Async<Mailroom> | null> {
    const found = this.#rooms.get(account);
    if (found === undefined) return null;
    const verbs = Object.entries(found.room).map(([name, verb]) => [
      name,
      async (call: never) => (verb as (call: never) => unknown)(call),
    ]);
    return { ...(Object.fromEntries(verbs) as Async<Mailroom>), ...this.overrides };
  }

  /** The room itself, for looking at and for being somebody else. */
  mailroom(account = 'default'): Mailroom {
    const found = this.#rooms.get(account);
    if (found === undefined) throw new Error(`No account ${account}`);
    return found.room;
  }

  get relay(): ScriptedRelay {
    const [first] = this.relays;
    if (first === undefined) throw new Error('No relay');
    return first;
  }

  /** Accepts a mail and wakes the clerk, as a request would. */
  accept(
    email: Partial<NewEmail> & { readonly recipients?: readonly string[] } = {},
    account = 'default',
  ): string {
    const mail = newEmail(email);
    const accepted = this.mailroom(account).accept({
      door: { key: { id: null, permission: 'full_access', domain: null } },
      mode: 'single',
      items: [{ kind: 'email', email: mail }],
      now: this.clock.now(),
    });
    if (accepted.kind !== 'accepted') throw new Error(`Not accepted: ${JSON.stringify(accepted)}`);
    this.clerk.wake(account);
    return mail.id;
  }

  /** A webhook at this host for what happens to mail; answers its id. */
  webhook(host: string, account = 'default'): string {
    const id = randomUUID();
    const types = ['email.sent', 'email.bounced', 'suppression.removed'] as const;
    const webhook = { id, endpoint: `https://${host}/in`, types, sealedSecret: SECRET };
    const made = this.mailroom(account).createWebhook({ webhook, now: this.clock.now() });
    if (!made.ok) throw new Error(made.refusal.message);
    return id;
  }

  email(id: string, account = 'default'): EmailRecord {
    const email = this.mailroom(account).email({ id });
    if (email === null) throw new Error(`No mail ${id}`);
    return email;
  }

  states(id: string, account = 'default'): readonly string[] {
    return this.email(id, account).recipients.map(({ state }) => state);
  }

  events(id: string, account = 'default'): readonly string[] {
    const page = { limit: 100, after: null, before: null };
    const events = this.mailroom(account).emailEvents({ id, page });
    return events.ok ? events.value.items.map(({ type }) => type).toReversed() : [];
  }

  /** Goes on until this is so. Nothing is slept: only work that is ready to run is waited for. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await this.clock.quiet();
  }

  /** What a killed process leaves: rooms as they are, and a new clerk that knows nothing. */
  async restart(): Promise<void> {
    this.clerk = this.#newClerk();
    await this.clerk.start();
  }

  #newClerk(): Clerk {
    return new Clerk({
      rooms: this,
      relays: this.relays,
      objects: this.objects,
      compose: this.#compose,
      host: this.host,
      webhooks: this.receivers,
      ...this.#returnPaths,
    });
  }
}

export function newEmail(
  over: Partial<NewEmail> & { readonly recipients?: readonly string[] } = {},
): NewEmail {
  const { recipients = ['ann@example.org'], ...rest } = over;
  const id = randomUUID();
  return {
    id,
    messageId: `<${id}@example.com>`,
    boundary: `b-${id}`,
    from: { name: 'Shop', address: 'shop@example.com', given: 'Shop <shop@example.com>' },
    sender: 'shop@example.com',
    fromDomain: 'example.com',
    to: recipients.map((address) => ({ name: '', address, given: address })),
    cc: null,
    bcc: null,
    replyTo: null,
    subject: 'Hello',
    headers: [],
    tags: null,
    scheduledAt: null,
    tls: null,
    content: { kind: 'inline', html: null, text: 'It works.' },
    envelope: recipients.map((address) => ({ address, simulation: null })),
    attachments: [],
    objects: [],
    ...rest,
  };
}
