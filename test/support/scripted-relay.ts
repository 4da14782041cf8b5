import type { SmtpReply, Verdict } from '../../schemas/delivery.ts';
import type { Condition, Relay, Submission, SubmissionResult } from '../../src/relay/relay.ts';

export type Script = (submission: Submission, nth: number) => Promise<SubmissionResult>;

/** What one submission was. */
export interface Carried {
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly bytes: string;
}

/** A relay that answers as told and keeps a log. */
export interface ScriptedRelay extends Relay {
  readonly submitted: Submission[];
  /** Whose bytes were read whole and whose dot was allowed to leave. */
  readonly carried: Carried[];
  readonly probes: number[];
  script: Script;
  onProbe: () => Promise<Condition>;
}

export function reply(code: number, enhancedCode: string | null = null): SmtpReply {
  return { code, enhancedCode, response: `${code} told to say so`, remoteHost: 'relay.test', tls: null };
}

export function scriptedRelay(options: {
  readonly name: string;
  readonly script?: Script;
  readonly connections?: number;
  readonly rate?: number | null;
  readonly clear?: boolean;
}): ScriptedRelay {
  const relay: ScriptedRelay = {
    name: options.name,
    clear: options.clear ?? false,
    connections: options.connections ?? 4,
    rate: options.rate ?? null,
    submitted: [],
    carried: [],
    probes: [],
    script: options.script ?? takes,
    onProbe: async () => ({ kind: 'well' }),
    submit: async (submission) => {
      relay.submitted.push(submission);
      return relay.script(await logged(relay, submission), relay.submitted.length);
    },
    probe: () => {
      relay.probes.push(relay.submitted.length);
      return relay.onProbe();
    },
    close: async () => {},
  };
  return relay;
}

async function logged(relay: ScriptedRelay, submission: Submission): Promise<Submission> {
  let bytes = '';
  return {
    ...submission,
    async *message() {
      for await (const piece of submission.message()) {
        bytes += Buffer.from(piece).toString('latin1');
        yield piece;
      }
    },
    beforeDot: async (accepted) => {
      const mayLeave = await submission.beforeDot(accepted);
      const { sender } = submission.envelope;
      if (mayLeave) relay.carried.push({ sender, recipients: accepted, bytes });
      return mayLeave;
    },
  };
}

/** Reads the body; true when the dot may leave. */
async function body(submission: Submission, accepted = submission.envelope.recipients): Promise<boolean> {
  for await (const _ of submission.message());
  return submission.beforeDot(accepted);
}

const WELL: Condition = { kind: 'well' };

export function forAll(
  submission: Submission,
  verdict: Verdict,
  condition: Condition = WELL,
): SubmissionResult {
  return { verdicts: submission.envelope.recipients.map(() => verdict), condition };
}

export const SENT: Verdict = { kind: 'sent', smtp: reply(250, '2.0.0') };

export function deferred(cause: string, over: Partial<Extract<Verdict, { kind: 'deferred' }>> = {}): Verdict {
  return {
    kind: 'deferred',
    phase: 'connect',
    cause,
    smtp: null,
    greylisted: false,
    elsewhere: false,
    ...over,
  };
}

export function failed(reason: string): Verdict {
  return { kind: 'failed', phase: 'rcpt', reason, smtp: reply(550, '5.1.1'), bounce: null, suppress: false };
}

/** Takes every message. */
export const takes: Script = async (submission) => {
  try {
    if (await body(submission)) return forAll(submission, SENT);
  } catch {
    // The source broke: no dot left.
  }
  return forAll(submission, deferred('withdrawn', { phase: 'body' }));
};

/** Answers nothing until it is told to stop: before the dot. */
export const hangs: Script = (submission) =>
  new Promise((resolve) => {
    const end = (): void => resolve(forAll(submission, deferred('aborted', { phase: 'mail' })));
    if (submission.signal.aborted) end();
    else submission.signal.addEventListener('abort', end);
  });

/** Takes the whole message and never says a word about it. */
export const hangsAfterDot: Script = async (submission) => {
  const left = await body(submission);
  if (!left) return forAll(submission, deferred('withdrawn', { phase: 'body' }));
  return new Promise((resolve) => {
    const end = (): void => resolve(forAll(submission, { kind: 'unknown', cause: 'no reply' }));
    if (submission.signal.aborted) end();
    else submission.signal.addEventListener('abort', end);
  });
};

/** Breaks before MAIL, so that another relay may be tried. */
export const isDown: Script = async (submission) =>
  forAll(submission, deferred('refused', { elsewhere: true }), { kind: 'failure', cause: 'refused' });
