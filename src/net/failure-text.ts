import { type EgressFailure, PURPOSES } from './egress.ts';
import { type EgressRule, MAX_URL_LENGTH } from './policy.ts';

/** One sentence about a URL that is refused as it is written, for the person who wrote it. */
export function ruleText(rule: EgressRule): string {
  switch (rule) {
    case 'length':
      return `The URL must not be longer than ${MAX_URL_LENGTH} characters.`;
    case 'spelling':
      return 'The URL must be written as https://host/path, without blanks, backslashes and control characters.';
    case 'scheme':
      return 'The URL must begin with https://.';
    case 'credentials':
      return 'The URL must not contain a user name or a password.';
    case 'host':
      return 'The URL must name a host of the public internet.';
    case 'own_host':
      return 'The URL must not lead back to this service.';
    case 'port':
      return 'The port must be 443 or one above 1023 that no other known service uses.';
    case 'literal':
      return 'The URL must name its host, not an IP address.';
    case 'address':
      return NOT_PUBLIC;
  }
}

/**
 * One sentence about a call that came to nothing, for the owner of the URL.
 *
 * Deliberately poor, because whoever may choose a URL could use us to look around. A name that is not there and one that leads
 * to a private address read alike: the network's own names cannot be told apart. A closed port, a silent one and one
 * that speaks something else read alike too. Only a certificate is named: that is the one mistake an owner would not find.
 */
export function failureText(failure: EgressFailure): string {
  switch (failure.kind) {
    case 'refused':
      if (failure.hop > 0) return 'It redirected to a URL that is not allowed.';
      return ruleText(failure.rule);
    case 'dns':
      return NOT_PUBLIC;
    case 'tls':
      return failure.certificate ? 'The TLS certificate of the host was not accepted.' : NO_ANSWER;
    case 'connect':
    case 'answer':
      return NO_ANSWER;
    case 'timeout':
      return failure.stage === 'body'
        ? `The answer was not complete after ${failure.ms / 1000} s.`
        : NO_ANSWER;
    case 'aborted':
      return 'The call was interrupted.';
    case 'too_large':
      return `The answer was larger than ${failure.limit} bytes.`;
    case 'encoded':
      return 'The answer was compressed, although it was asked for as it is.';
    case 'redirect':
      return failure.reason === 'too_many'
        ? `It redirected more than ${PURPOSES.attachment.redirects} times.`
        : 'It redirected to no readable URL.';
  }
}

const NOT_PUBLIC = 'The host does not lead to a public address.';
const NO_ANSWER = 'The host gave no complete HTTPS answer in time.';
