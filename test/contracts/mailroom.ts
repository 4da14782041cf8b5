import { describe } from 'vitest';
import type { MailroomConfig } from '../../src/mailroom/mailroom.ts';
import { acceptContract } from './mailroom/accept.ts';
import { accountEventsContract } from './mailroom/account-events.ts';
import { arrivalsContract } from './mailroom/arrivals.ts';
import { attachmentsContract } from './mailroom/attachments.ts';
import { attemptsContract } from './mailroom/attempts.ts';
import { claimContract } from './mailroom/claim.ts';
import { deliveriesContract } from './mailroom/deliveries.ts';
import { deliveryEndsContract } from './mailroom/delivery-ends.ts';
import { House } from './mailroom/house.ts';
import { idempotencyContract } from './mailroom/idempotency.ts';
import { keysContract } from './mailroom/keys.ts';
import { leavingObjectsContract } from './mailroom/leaving-objects.ts';
import { pagesContract } from './mailroom/pages.ts';
import { payloadsContract } from './mailroom/payloads.ts';
import { readingsContract } from './mailroom/readings.ts';
import { receivedContract } from './mailroom/received.ts';
import { receivedCallsContract } from './mailroom/received-calls.ts';
import { receivedEndsContract } from './mailroom/received-ends.ts';
import { reportProofContract } from './mailroom/report-proof.ts';
import { reportsContract } from './mailroom/reports.ts';
import { routesContract } from './mailroom/routes.ts';
import { scheduleContract } from './mailroom/schedule.ts';
import { suppressionsContract } from './mailroom/suppressions.ts';
import { transitionsContract } from './mailroom/transitions.ts';
import { unknownContract } from './mailroom/unknown.ts';
import { upkeepContract } from './mailroom/upkeep.ts';
import { webhookLogsContract } from './mailroom/webhook-logs.ts';
import { webhooksContract } from './mailroom/webhooks.ts';
import type { LendSql } from './sql.ts';

/** Lends a house over an empty database for one test. */
export type LendHouse = (
  work: (house: House) => void,
  config?: Partial<MailroomConfig>,
) => void | Promise<void>;

/** The whole room, verb by verb, over any `Sql`. */
export function mailroomContract(name: string, lend: LendSql): void {
  const house: LendHouse = (work, config) => lend((sql) => work(new House(sql, config)));
  describe(`a mailroom over ${name}`, () => {
    acceptContract(house);
    idempotencyContract(house);
    claimContract(house);
    transitionsContract(house);
    attemptsContract(house);
    unknownContract(house);
    scheduleContract(house);
    pagesContract(house);
    keysContract(house);
    suppressionsContract(house);
    reportsContract(house);
    reportProofContract(house);
    upkeepContract(house);
    attachmentsContract(house);
    leavingObjectsContract(house);
    webhooksContract(house);
    webhookLogsContract(house);
    payloadsContract(house);
    deliveriesContract(house);
    deliveryEndsContract(house);
    accountEventsContract(house);
    arrivalsContract(house);
    readingsContract(house);
    receivedContract(house);
    receivedCallsContract(house);
    receivedEndsContract(house);
    routesContract(house);
  });
}
