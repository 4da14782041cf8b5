/** A sink for machines without Postfix: takes every mail, tells its port and then how many it has taken. */

import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';

const TELL_EVERY_MS = 2;

let taken = 0;
let told = 0;

const server = createServer({ noDelay: true }, (socket) => {
  let isData = false;
  let rest = '';
  socket.on('error', () => socket.destroy());
  socket.write('220 sink ESMTP\r\n');
  socket.on('data', (chunk) => {
    rest += chunk.toString('latin1');
    let answer = '';
    for (;;) {
      if (isData) {
        const end = rest.indexOf('\r\n.\r\n');
        if (end === -1) {
          rest = rest.slice(-4);
          break;
        }
        rest = rest.slice(end + 5);
        isData = false;
        taken += 1;
        answer += '250 2.0.0 Ok\r\n';
        continue;
      }
      const end = rest.indexOf('\r\n');
      if (end === -1) break;
      const verb = rest.slice(0, 4).toUpperCase();
      rest = rest.slice(end + 2);
      if (verb === 'EHLO') answer += '250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n';
      else if (verb === 'DATA') {
        isData = true;
        // The line end of DATA stands before a dot that comes at once.
        rest = `\r\n${rest}`;
        answer += '354 End with <CR><LF>.<CR><LF>\r\n';
      } else answer += verb === 'QUIT' ? '221 2.0.0 Bye\r\n' : '250 2.0.0 Ok\r\n';
    }
    if (answer !== '') socket.write(answer);
  });
});

server.listen(0, '127.0.0.1', () => {
  process.send?.((server.address() as AddressInfo).port);
  setInterval(() => {
    if (taken === told) return;
    told = taken;
    process.send?.(taken);
  }, TELL_EVERY_MS);
});
process.on('disconnect', () => process.exit(0));
