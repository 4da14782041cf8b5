import type { BounceDetail, Simulation, SmtpReply } from '../../schemas/delivery.ts';
import { type Step, stepEvent } from './step.ts';

const ACCEPTED = reply({ code: 250, enhancedCode: '2.0.0', text: 'Ok, simulated' });
const UNKNOWN_USER = reply({ code: 550, enhancedCode: '5.1.1', text: 'User unknown, simulated' });
const BOUNCE: BounceDetail = {
  type: 'Permanent',
  subType: 'NoEmail',
  message: 'The simulated address does not exist.',
  diagnosticCode: [`smtp; ${UNKNOWN_USER.response}`],
};

/** The outcomes of the simulated addresses (wire-contract.md §14). None of them suppresses anything. */
export function simulatedStep(
  simulation: Simulation,
): Pick<Step, 'state' | 'reason' | 'smtp' | 'feedback' | 'events'> {
  const sent = stepEvent({ type: 'email.sent', smtp: ACCEPTED });
  const delivered = stepEvent({ type: 'email.delivered', smtp: ACCEPTED });
  const taken = { state: 'sent', reason: null, smtp: ACCEPTED } as const;
  switch (simulation) {
    case 'delivered':
      return { ...taken, feedback: simulation, events: [sent, delivered] };
    case 'complained': {
      const events = [sent, delivered, stepEvent({ type: 'email.complained' })];
      return { ...taken, feedback: simulation, events };
    }
    case 'bounced': {
      const reason = 'user_unknown';
      const bounced = stepEvent({ type: 'email.bounced', smtp: UNKNOWN_USER, reason, bounce: BOUNCE });
      return { ...taken, reason, smtp: UNKNOWN_USER, feedback: simulation, events: [sent, bounced] };
    }
    case 'suppressed': {
      const events = [stepEvent({ type: 'email.suppressed', reason: 'suppressed' })];
      return { state: 'suppressed', reason: 'suppressed', smtp: null, feedback: null, events };
    }
  }
}

function reply({
  code,
  enhancedCode,
  text,
}: {
  readonly code: number;
  readonly enhancedCode: string;
  readonly text: string;
}): SmtpReply {
  return { code, enhancedCode, response: `${code} ${enhancedCode} ${text}`, remoteHost: null, tls: null };
}
