import { join } from 'node:path';
import type { Report } from './figure.ts';
import { runApart } from './namespace.ts';
import type { SsrfPrinted } from './ssrf-stage.ts';

/** Whatever leads inside, through every field that is called, in a network of its own. */
export async function ssrf(): Promise<Report> {
  const printed = await runApart<SsrfPrinted>(join(import.meta.dirname, 'ssrf-stage.ts'), {
    args: [],
    apart: { network: true, mounts: true },
  });
  const { cases = 0, taken = [], packets = 0, connections = 0, called = 0, probe = 0 } = printed ?? {};
  const refused = 'a network namespace is not permitted here: nothing could be tried';
  return {
    part: 'ssrf',
    figures: [
      {
        figure: 'URLs that lead inside and are taken',
        seen: taken.length,
        of: cases,
        unit: 'cases: hosts by field',
        atMost: 0,
      },
      {
        figure: 'packets to the private side, and connections to this machine itself',
        seen: packets + connections,
        // Nothing is shown by a counter that does not count.
        of: probe > 0 ? cases : 0,
        unit: 'cases: hosts by field',
        atMost: 0,
      },
    ],
    facts: { 'calls that were made and failed at their second look': called, 'packets of one probe': probe },
    evidence: [...taken, ...(printed === null ? [refused] : [])],
  };
}
