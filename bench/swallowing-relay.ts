/** A relay in a process of its own that takes whatever comes and keeps nothing. Tells its port to whoever forked it. */
import type { Socket } from 'node:net';
import { createServer } from 'node:net';

const server = createServer(serve);
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.send?.(address.port);
});

function serve(socket: Socket): void {
  let isBody = false;
  let tail = '';
  socket.on('error', () => {});
  socket.write('220 bench\r\n');
  socket.on('data', (piece) => {
    const text = tail + piece.toString('latin1');
    if (isBody) {
      tail = text.slice(-5);
      if (!text.endsWith('\r\n.\r\n')) return;
      isBody = false;
      tail = '';
      socket.write('250 2.0.0 Ok\r\n');
      return;
    }
    const lines = text.split('\r\n');
    tail = lines.pop() ?? '';
    for (const line of lines) {
      const verb = line.slice(0, 4).toUpperCase();
      isBody = verb === 'DATA';
      socket.write(
        isBody ? '354 Go on\r\n' : verb === 'EHLO' ? '250-bench\r\n250 PIPELINING\r\n' : '250 Ok\r\n',
      );
    }
  });
}
