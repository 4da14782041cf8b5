import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const CHROMIUM = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path !== undefined && existsSync(path),
);

/** Without them the browser calls its maker, whatever page it shows. */
export const QUIET = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A page that asked anybody else would find nobody.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

/** It ends with this, whatever happens. */
const LIFETIME_MS = 50_000;

/** One page of a real browser. */
export interface Page {
  /** Opens a page and waits until all of it is there. */
  open(url: string): Promise<void>;
  /** Presses the first thing that fits, and waits for the page that follows. */
  press(selector: string): Promise<void>;
  text(): Promise<string>;
  address(): Promise<string>;
  /** What the browser itself complained of. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

interface Told {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly entry?: { readonly text: string }; readonly message?: unknown };
  readonly result?: {
    readonly result?: { readonly value?: string };
    readonly sessionId?: string;
    readonly targetId?: string;
  };
}

/** Talks to the browser in its own protocol; nothing runs inside the page that its policy would have to allow. */
export async function openPage(): Promise<Page> {
  const profile = await mkdtemp(join(tmpdir(), 'mailwright-browser-'));
  const browser = spawn(
    CHROMIUM ?? '',
    [...QUIET, `--user-data-dir=${profile}`, '--remote-debugging-port=0', 'about:blank'],
    { stdio: ['ignore', 'ignore', 'pipe'], timeout: LIFETIME_MS, killSignal: 'SIGKILL' },
  );
  const socket = new WebSocket(await listening(browser));
  await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }));
  const waiting = new Map<number, (told: Told) => void>();
  const loads: (() => void)[] = [];
  const complaints: string[] = [];
  socket.addEventListener('message', ({ data }) => {
    const told = JSON.parse(String(data)) as Told;
    if (told.id !== undefined) waiting.get(told.id)?.(told);
    if (told.method === 'Page.loadEventFired') loads.shift()?.();
    if (told.method === 'Log.entryAdded') complaints.push(told.params?.entry?.text ?? '');
  });
  let last = 0;
  const ask = (method: string, params: object = {}, sessionId?: string): Promise<Told> =>
    new Promise((resolve) => {
      last += 1;
      waiting.set(last, resolve);
      socket.send(
        JSON.stringify({ id: last, method, params, ...(sessionId !== undefined && { sessionId }) }),
      );
    });
  const { result: target } = await ask('Target.createTarget', { url: 'about:blank' });
  const attached = await ask('Target.attachToTarget', { targetId: target?.targetId, flatten: true });
  const session = attached.result?.sessionId;
  await ask('Page.enable', {}, session);
  await ask('Log.enable', {}, session);
  const evaluate = async (expression: string) =>
    (await ask('Runtime.evaluate', { expression }, session)).result?.result?.value ?? '';
  const loaded = () => new Promise<void>((resolve) => loads.push(resolve));
  return {
    complaints,
    async open(url) {
      const done = loaded();
      await ask('Page.navigate', { url }, session);
      await done;
    },
    async press(selector) {
      const done = loaded();
      await evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);
      await done;
    },
    text: () => evaluate('document.body.innerText'),
    address: () => evaluate('location.href'),
    async close() {
      const ended = once(browser, 'close');
      socket.close();
      browser.kill('SIGKILL');
      await ended;
      await rm(profile, { recursive: true, force: true });
    },
  };
}

/** The address of its protocol, which it writes when it is ready. */
async function listening(browser: ChildProcess): Promise<string> {
  let said = '';
  for await (const text of browser.stderr ?? []) {
    said += String(text);
    const found = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
    if (found !== undefined) return found;
  }
  throw new Error(`The browser did not start: ${said}`);
}
