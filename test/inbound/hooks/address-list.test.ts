import { it } from 'vitest';
import { addressList } from '../../../src/inbound/hooks/hook-reading.ts';
import { expectProportional } from '../../support/growth.ts';

it('a list of addresses with quotes that nothing closes costs one look at each', async () => {
  for (const unit of ['"\\', '"a', '\\"'])
    await expectProportional(128_000, (count) => addressList(unit.repeat(count)));
});
