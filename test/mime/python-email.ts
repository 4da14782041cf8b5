import { spawnSync } from 'node:child_process';

/** What Python's `email` package reads in a message: an independent parser of another language and author. */
export interface PythonReading {
  readonly names: readonly string[];
  readonly subject: string;
  readonly from: readonly (readonly [name: string, address: string])[];
  readonly to: readonly (readonly [name: string, address: string])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string | null;
  readonly html: string | null;
  readonly defects: readonly string[];
}

/**
 * Bodies and other fields through the modern policy. Names through `getaddresses` and `decode_header`: up to 3.13 the
 * modern parser leaves a space between two encoded words of a name (RFC 2047 §6.2 has it dropped).
 */
const SCRIPT = `
import sys, json, base64
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import getaddresses
def people(message, name):
    values = [str(value).replace('\\r\\n', '').replace('\\n', '') for value in message.get_all(name, [])]
    return [[str(make_header(decode_header(n))), a] for n, a in getaddresses(values)]
def lines(part):
    return None if part is None else part.get_content().replace('\\r\\n', '\\n')
out = []
for line in sys.stdin:
    data = base64.b64decode(line)
    message = message_from_bytes(data, policy=policy.default)
    plain = message_from_bytes(data, policy=policy.compat32)
    out.append({
        'names': [name.lower() for name in message.keys()],
        'subject': str(message['subject'] or ''),
        'from': people(plain, 'from'),
        'to': people(plain, 'to'),
        'headers': {name.lower(): str(value) for name, value in message.items()},
        'text': lines(message.get_body(preferencelist=('plain',))),
        'html': lines(message.get_body(preferencelist=('html',))),
        'defects': [type(d).__name__ for part in message.walk() for d in part.defects],
    })
json.dump(out, sys.stdout)
`;

export const hasPython = spawnSync('python3', ['-c', 'import email'], { timeout: 10_000 }).status === 0;

/** One process for all messages; it has 20 s. */
export function readWithPython(messages: readonly Uint8Array[]): readonly PythonReading[] {
  const run = spawnSync('python3', ['-c', SCRIPT], {
    input: messages.map((bytes) => `${Buffer.from(bytes).toString('base64')}\n`).join(''),
    timeout: 20_000,
    maxBuffer: 256 * 1024 * 1024,
    env: { ...process.env, PYTHONIOENCODING: 'utf-8' },
  });
  if (run.status !== 0) throw new Error(`python3 failed: ${run.stderr.toString()}`);
  return JSON.parse(run.stdout.toString('utf8'));
}
