import { exchange } from '../../src/net/exchange.ts';
import { GET, openEgress } from './open-egress.ts';

/** Makes the calls it is told in a process whose environment says otherwise, and prints what came of each. */
const after = (ms: number, work: () => void) => {
  const timer = setTimeout(work, ms);
  return () => clearTimeout(timer);
};
const egress = openEgress({ allow: 'localhost', after });
const results: unknown[] = [];
for (const url of process.argv.slice(2)) {
  const got = await exchange(egress, { ...GET, url });
  results.push(got.ok ? { ok: true, status: got.status } : got);
}
console.log(JSON.stringify(results));
