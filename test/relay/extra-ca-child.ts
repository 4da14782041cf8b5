import { createOpenSocket, relayTls } from '../../src/platform/node/socket.ts';
import { NODE_WAITS } from '../../src/relay/patience.ts';
import { createRelay } from '../../src/relay/pool.ts';
import { createSmtpConnect } from '../../src/relay/smtp.ts';
import { CREDENTIALS, realClock, submissionOf } from './support.ts';

// Run as a process of its own: Node reads NODE_EXTRA_CA_CERTS once, when it starts. Trusts what the system trusts.
const tls = relayTls();
const parts = { clock: realClock, waits: NODE_WAITS };
const relay = createRelay(
  {
    name: 'test',
    endpoints: [{ host: 'localhost', port: Number(process.argv[2]), security: 'starttls' }],
    credentials: CREDENTIALS,
    connections: 1,
    rate: null,
    ehloName: 'mailwright.test',
  },
  { ...parts, connect: createSmtpConnect({ ...parts, tls, openSocket: createOpenSocket(tls) }) },
);
const { verdicts, condition } = await relay.submit(submissionOf());
await relay.close();
process.stdout.write(`${verdicts[0]?.kind} ${condition?.kind}\n`);
