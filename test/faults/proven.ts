import { type Claim, IN_WORKERD } from './proof.ts';

/** The parts of the table that tests of the rooms prove: by name, and by the numbers of delivery.md section 20. */
export const PROVEN: Readonly<
  Record<string, { readonly numbers: readonly number[]; readonly claims: readonly Claim[] }>
> = {
  recipients: {
    numbers: [6],
    claims: [
      {
        figure: 'mails with a recipient that is not settled from its own reply',
        unit: 'mails under random RCPT replies',
        files: ['test/relay/partial.test.ts'],
        named: /against a model/,
      },
    ],
  },
  'webhook-schedule': {
    numbers: [10],
    claims: [
      {
        figure: 'webhook calls that come before or after their time in the schedule',
        unit: 'cases',
        files: ['test/mailroom/notify-step.test.ts', 'test/clerk/notifier.test.ts'],
        named: /what follows a call|again after a failure|not before a receiver/,
      },
    ],
  },
  injection: {
    numbers: [13],
    claims: [
      {
        figure: 'inputs that break out of their header or part, or are not refused with their path',
        unit: 'cases',
        files: [
          'test/http/injection.test.ts',
          'test/mime/injection.test.ts',
          'test/mime/injection-generated.test.ts',
        ],
      },
    ],
  },
  smuggling: {
    numbers: [14, 15],
    claims: [
      {
        figure: 'messages that leave as two',
        unit: 'cases',
        files: ['test/relay/smuggling.test.ts', 'test/mime/smuggling.test.ts'],
      },
      {
        figure: 'non-standard ends of data that are taken for the end of a message that comes in',
        unit: 'cases',
        files: ['test/platform/catch-all-smuggling.test.ts'],
      },
    ],
  },
  addresses: {
    numbers: [16],
    claims: [
      {
        figure: 'addresses on the wire that are not the stored ones',
        unit: 'cases',
        files: ['test/relay/envelope.test.ts', 'test/mime/isemail.test.ts', 'test/mime/address.test.ts'],
      },
    ],
  },
  access: {
    numbers: [17],
    claims: [
      {
        figure: 'fields through which a file or a URL is read',
        unit: 'cases',
        files: ['test/mime/canary.test.ts', 'test/http/injection.test.ts'],
        named: /threats §4/,
      },
    ],
  },
  tls: {
    numbers: [19, 20],
    claims: [
      {
        figure: 'AUTH bytes without verified TLS, on Node',
        unit: 'cases',
        files: ['test/relay/tls.test.ts'],
      },
      {
        figure: 'AUTH bytes without verified TLS, or a certificate for another host taken, on Workers',
        unit: 'cases',
        files: ['test/workers/sockets.workerd.ts', 'test/workers/relay.workerd.ts'],
        config: IN_WORKERD,
      },
    ],
  },
  json: {
    numbers: [29],
    claims: [
      {
        figure: 'JSON that is taken or refused wrongly, or answered by 5xx',
        unit: 'texts',
        files: ['test/http/json.test.ts'],
      },
    ],
  },
  isolation: {
    numbers: [30],
    claims: [
      {
        figure: 'routes that show an account to another, or tell its ids from unknown ones',
        unit: 'cases',
        files: ['test/http/accounts.test.ts', 'test/http/walk.test.ts'],
      },
      {
        figure: 'the same on Workers',
        unit: 'cases',
        files: ['test/workers/isolation.workerd.ts'],
        config: IN_WORKERD,
      },
    ],
  },
  advisories: {
    numbers: [41],
    claims: [
      {
        figure: 'installed packages below the version that an advisory names, or past defects that are back',
        unit: 'cases',
        files: ['test/advisories.test.ts', 'test/relay/advisories.test.ts', 'test/mime/advisories.test.ts'],
      },
    ],
  },
};
