import { accept } from './accept.ts';
import { endToEnd } from './end-to-end.ts';
import { growth } from './growth.ts';
import { latency } from './latency.ts';
import { memory } from './memory.ts';
import { reading } from './reading.ts';
import { relay } from './relay.ts';
import type { Part } from './report.ts';
import { workers } from './workers.ts';

/** What `npm run bench` does, in this order. */
export const PARTS: readonly Part[] = [
  { name: 'accept', run: accept },
  { name: 'relay', run: relay },
  { name: 'end-to-end', run: endToEnd },
  { name: 'latency', run: latency },
  { name: 'memory', run: memory },
  { name: 'growth', run: growth },
  { name: 'workers', run: workers },
  { name: 'parsing', run: reading },
];
