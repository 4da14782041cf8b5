import { NODE_WAITS } from '../../src/relay/patience.ts';
import { relayContract } from '../contracts/relay.ts';
import { certificates } from '../support/certificates.ts';
import { type ScriptedServer, startScriptedServer } from '../support/scripted-smtp-server.ts';
import { realClock, relayTo } from './support.ts';

const SHORT_MS = 250;

relayContract('nodemailer on Node', () => {
  const servers: ScriptedServer[] = [];
  return {
    async server({ certificate = 'good', ...options }) {
      const server = await startScriptedServer({
        ...options,
        certificate: (await certificates())[certificate],
      });
      servers.push(server);
      return {
        port: server.port,
        messages: () => Promise.resolve(server.messages),
        commands: () => Promise.resolve(server.commands()),
        connections: () => Promise.resolve(server.log.filter(({ what }) => what === 'connect').length),
        hangs: () => server.seen('hang'),
      };
    },
    relay({ patience, ...call }) {
      const waits =
        patience === 'short' ? { mail: SHORT_MS, rcpt: SHORT_MS, data: SHORT_MS, body: SHORT_MS } : {};
      return relayTo({ ...call, clock: realClock, waits: { ...NODE_WAITS, ...waits } });
    },
    async stop() {
      await Promise.all(servers.splice(0).map((server) => server.close()));
    },
  };
});
