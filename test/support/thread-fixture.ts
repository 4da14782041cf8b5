import { parentPort, workerData } from 'node:worker_threads';

/** A thread that does what it is told, well or not. */
parentPort?.on('message', ({ id, call }: { readonly id: number; readonly call: string }) => {
  if (call === 'eat')
    for (const eaten: string[][] = []; ; ) eaten.push(Array.from({ length: 10_000 }, String));
  if (call === 'hang') for (;;);
  if (call === 'exit') process.exit(3);
  if (call === 'throw') throw Object.assign(new Error('told to'), { code: 'TOLD' });
  if (call !== 'silence') parentPort?.postMessage({ id, answer: `${call} by ${workerData}` });
});
