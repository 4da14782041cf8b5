import base from './vitest.workers.config.ts';

/** The fault matrix inside workerd, with a relay for each of its cells; run by `npm run faults -- --only matrix`. */
export default {
  ...base,
  test: {
    ...base.test,
    include: ['test/workers/inside/fault-matrix.ts'],
    globalSetup: ['test/workers/support/fault-servers.ts'],
    testTimeout: 300_000,
  },
};
