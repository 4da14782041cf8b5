import { inject } from 'vitest';
import { workerHost } from '../../src/platform/workers/host.ts';
import { openSocket } from '../../src/platform/workers/sockets.ts';
import { WORKERS_WAITS } from '../../src/platform/workers/waits.ts';
import { createRelay } from '../../src/relay/pool.ts';
import { createSmtpConnect } from '../../src/relay/smtp.ts';
import { relayContract } from '../contracts/relay.ts';
import { seenBy } from './inside/servers.ts';

const SHORT_MS = 250;
const SHORT = { mail: SHORT_MS, rcpt: SHORT_MS, data: SHORT_MS, body: SHORT_MS };

const { now, after } = workerHost({ log: () => {}, now: () => Date.now() });
const clock = { now, after };

relayContract('nodemailer in workerd', () => ({
  async server(options) {
    const { window } = inject('servers');
    const answer = await fetch(window, { method: 'POST', body: JSON.stringify(options) });
    const { name, port } = (await answer.json()) as { readonly name: string; readonly port: number };
    return {
      port,
      messages: async () => (await seenBy(name)).messages,
      commands: async () => (await seenBy(name)).commands,
      connections: async () => (await seenBy(name)).log.filter(({ what }) => what === 'connect').length,
      hangs: async () => {
        await seenBy(name, { what: 'hang', times: 1 });
      },
    };
  },
  async relay({ port, security, config, patience }) {
    const waits = { ...WORKERS_WAITS, ...(patience === 'short' ? SHORT : {}) };
    const endpoints = [{ host: 'localhost', port, security }];
    return createRelay(
      {
        name: 'under-test',
        endpoints,
        credentials: security === 'none' ? null : { user: 'user', pass: 'pass' },
        connections: 2,
        rate: null,
        ehloName: 'client.test',
        ...config,
      },
      { clock, waits, connect: createSmtpConnect({ clock, waits, openSocket, tls: {} }) },
    );
  },
  async stop() {
    await fetch(inject('servers').window, { method: 'DELETE' });
  },
}));
