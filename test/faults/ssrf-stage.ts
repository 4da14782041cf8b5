/**
 * Run in a network of its own, with a private side that counts its packets, a name server and one public host: asks the
 * service to call whatever leads inside, and prints what came of it.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call } from '../support/caller.ts';
import { certificateFor } from '../support/certificates.ts';
import { CrashRunner } from '../support/crash-runner.ts';
import { type Question, type StubReply, startDnsStub } from '../support/dns-stub.ts';
import { pause, soon } from '../support/wait-until.ts';
import { KEY } from './sending.ts';
import { ADDRESSES, LITERALS } from './ssrf-hosts.ts';

const PUBLIC = '8.8.8.8';
const INSIDE =
  '10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 169.254.0.0/16 100.64.0.0/10 192.0.0.0/24 198.18.0.0/15 240.0.0.0/4 default';
const INSIDE_V6 = 'fc00::/7 64:ff9b::/96 2002::/16 2001:db8::/32 default';
const REDIRECTS = [301, 302, 303, 307, 308] as const;
const REDIRECTED = ['https://10.0.0.1/', 'https://127.0.0.1/', 'https://n0.example.com/'] as const;
const CALLED_WITHIN_MS = 10_000;

/** What came of all cases. */
export interface SsrfPrinted {
  readonly cases: number;
  /** Cases that were taken though they lead inside. */
  readonly taken: readonly string[];
  readonly called: number;
  readonly packets: number;
  readonly connections: number;
  /** Packets of one deliberate try to reach the private side: proof that they are counted. */
  readonly probe: number;
}

const run = (command: string): Buffer => {
  const [first = '', ...args] = command.split(' ');
  return execFileSync(first, args);
};
const packets = (): number => JSON.parse(run('ip -s -j link show inside').toString())[0].stats64.tx.packets;

buildNetwork();
let connections = 0;
const { ca, certificate } = await certificateFor('*.example.com');
const folder = mkdtempSync(join(tmpdir(), 'mailwright-ssrf-'));
writeFileSync(join(folder, 'ca.pem'), ca);
const dns = await startDnsStub(resolve, 53);
const web = createServer({ ...certificate }, (request, response) => {
  const [, code, to = '0'] = /^\/(\d+)\/(\d)/.exec(request.url ?? '') ?? [];
  if (code === undefined) response.end('hello');
  else response.writeHead(Number(code), { location: REDIRECTED[Number(to)] ?? '' }).end();
});
// Everything on this machine that is not the public host is inside.
web.on('connection', (socket: Socket) => {
  if (!socket.localAddress?.endsWith(PUBLIC)) connections++;
});
await new Promise<void>((done) => web.listen(443, '::', done));
const runner = await CrashRunner.open({
  API_KEY: KEY,
  RATE_LIMIT: '0',
  NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
});
await runner.start();
const before = packets();
const printed = { ...(await tryAll()), packets: packets() - before, connections };
await pause(1_000);
const sent = packets();
await new Promise<void>((done) => {
  const socket = connect({ host: '10.0.0.1', port: 443, timeout: 500 });
  socket.on('timeout', () => socket.destroy()).on('error', () => {});
  socket.on('close', () => done());
});
const result: SsrfPrinted = { ...printed, probe: packets() - sent };
await runner.close();
dns.close();
process.stdout.write(JSON.stringify(result));
process.exit(0);

function buildNetwork(): void {
  run('ip link set lo up');
  run(`ip addr add ${PUBLIC}/32 dev lo`);
  run('ip link add inside type veth peer name beyond');
  run('ip link set beyond up');
  // With an address of the link it would ask for routers now and then, and those are packets too.
  run('ip link set inside addrgenmode none');
  run('ip link set inside up arp off');
  run('ip addr add 10.99.99.99/32 dev inside');
  run('ip -6 addr add fd99::99/128 dev inside nodad');
  for (const range of INSIDE.split(' ')) run(`ip route add ${range} dev inside`);
  for (const range of INSIDE_V6.split(' ')) run(`ip -6 route add ${range} dev inside`);
  const resolver = join(mkdtempSync(join(tmpdir(), 'mailwright-dns-')), 'resolv.conf');
  writeFileSync(resolver, 'nameserver 127.0.0.1\n');
  run(`mount --bind ${resolver} /etc/resolv.conf`);
}

/** `nK`: an address inside. `rK` and `qK`: public at first, that address from then on. Others: public. */
function resolve({ name, type, earlier }: Question): StubReply {
  const [, kind, number] = /^([nrq])(\d+)\.example\.com$/.exec(name) ?? [];
  const isPublic = kind === undefined || (kind !== 'n' && earlier === 0);
  const address = isPublic ? PUBLIC : (ADDRESSES[Number(number)] ?? PUBLIC);
  return (address.includes(':') ? 'AAAA' : 'A') === type ? [{ type, data: address }] : [];
}

async function tryAll(): Promise<Pick<SsrfPrinted, 'cases' | 'taken' | 'called'>> {
  const names = ADDRESSES.map((_, number) => `n${number}.example.com`);
  const rebinding = ADDRESSES.map((_, number) => `r${number}.example.com`);
  const redirecting = REDIRECTS.flatMap((code) =>
    REDIRECTED.map((_, to) => `redirect.example.com/${code}/${to}`),
  );
  const taken: string[] = [];
  for (const host of [...LITERALS, ...names]) {
    if (await hasWebhook(`https://${host}/`)) taken.push(`webhook ${host}`);
    if (await hasAttached(`https://${host}/`)) taken.push(`attachment ${host}`);
  }
  // These look public when they are given. What they lead to is refused when it is called.
  let called = 0;
  for (const host of [...rebinding, ...redirecting]) {
    const url = `https://${host}`;

    const id = await hasWebhook(url);
    if (id === null) continue;
    const outcome = await firstCall(id);
    if (outcome !== null) called++;
    if (outcome === 'success' && redirecting.includes(host)) taken.push(`webhook ${host}`);
  }
  const cases = 2 * (LITERALS.length + names.length + rebinding.length + redirecting.length);
  return { cases, taken, called };
}

/** The id of the webhook, or null when it is refused. */
async function hasWebhook(endpoint: string): Promise<string | null> {
  const body = JSON.stringify({ endpoint, events: ['email.sent'] });
  const made = await call({ url: `${runner.url}/webhooks`, key: KEY, body });
  return made?.status === 201 ? JSON.parse(made.text).id : null;
}

async function hasAttached(path: string): Promise<boolean> {
  const mail = { from: 'a@example.com', to: 'delivered@resend.dev', subject: 'x', text: 'x' };
  const body = JSON.stringify({ ...mail, attachments: [{ filename: 'a', path }] });
  return (await call({ url: `${runner.url}/emails`, key: KEY, body }))?.status === 200;
}

/** What the first call of a test event came to; null when none was made in time. */
async function firstCall(id: string): Promise<string | null> {
  const test = { url: `${runner.url}/webhooks/${id}/test`, key: KEY, body: '{"type":"email.sent"}' };
  await call(test);
  let status: string | null = null;
  await soon(async () => {
    const listed = await call({ url: `${runner.url}/webhooks/${id}/events`, key: KEY });
    status = JSON.parse(listed?.text ?? '{}').data?.[0]?.status ?? null;
    return status !== null && status !== 'pending';
  }, CALLED_WITHIN_MS);
  return status;
}
