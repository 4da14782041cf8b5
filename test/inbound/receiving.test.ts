import { inboundContract } from '../contracts/inbound.ts';
import { nodePlace } from '../support/inbound-place.ts';

inboundContract('on Node', () => nodePlace());
