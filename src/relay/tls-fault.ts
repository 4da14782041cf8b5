/**
 * Whether a TLS failure can only be a wrong certificate or a wrong protocol: the same tomorrow as today. Everything else
 * (a reset, a close in the handshake, an error without a reason, as one host gives it) may be the network's.
 *
 * The codes are OpenSSL's verification results and its error library, as Node names them; a result without a name of its
 * own there (a digest that is too weak, for one) is `UNSPECIFIED`.
 */
export function isTlsMisconfiguration(code: string | undefined): boolean {
  return code !== undefined && (WRONG_CERTIFICATE.test(code) || WRONG_PROTOCOL.test(code));
}

const WRONG_CERTIFICATE =
  /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(?:GET|VERIFY|DECODE|DECRYPT)_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_(?:CA|PURPOSE)|PATH_LENGTH_EXCEEDED|ERROR_IN_CERT_|(?:CA|EE)_(?:MD|KEY)_TOO_|CRL_|UNSPECIFIED$)/;
const WRONG_PROTOCOL = /^(?:ERR_SSL_|EPROTO$)/;
