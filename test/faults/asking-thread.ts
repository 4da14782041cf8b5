import { parentPort, workerData } from 'node:worker_threads';
import { call } from '../support/caller.ts';
import { pause } from '../support/wait-until.ts';

const ASK_EVERY_MS = 50;

export interface AskingSetup {
  /** Where mails are sent. */
  readonly url: string;
  readonly key: string;
}

/** Sends at an even pace until it gets a message; then tells how many milliseconds each has taken. */
async function ask({ url, key }: AskingSetup): Promise<void> {
  const body = JSON.stringify({
    from: 'a@example.com',
    to: 'delivered@resend.dev',
    subject: 'x',
    text: 'x',
  });
  const times: number[] = [];
  let isOver = false;
  parentPort?.once('message', () => {
    isOver = true;
  });
  // The first opens the connection.
  await call({ url, key, body });
  while (!isOver) {
    const since = performance.now();
    await call({ url, key, body });
    times.push(performance.now() - since);
    await pause(ASK_EVERY_MS - (performance.now() - since));
  }
  parentPort?.postMessage(times);
}

await ask(workerData as AskingSetup);
