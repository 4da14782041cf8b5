/**
 * A line of so many milliseconds each way, before a server on this machine.
 *
 *     node bench/support/delay-proxy.ts <port of the server> <milliseconds each way>
 */

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

const [target = 0, delayMs = 0] = process.argv.slice(2).map(Number);

/** Timers go off in the order in which they were set, so that no byte overtakes another. */
function pass(from: Socket, to: Socket): void {
  from.on('data', (chunk) => setTimeout(() => to.destroyed || to.write(chunk), delayMs));
  from.on('end', () => setTimeout(() => to.end(), delayMs));
  from.on('error', () => to.destroy());
  from.on('close', () => setTimeout(() => to.destroy(), delayMs));
}

const server = createServer({ noDelay: true, allowHalfOpen: true }, (near) => {
  const far = connect({ port: target, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  pass(near, far);
  pass(far, near);
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit(0));
