import { spawnSync } from 'node:child_process';

/** One leaf of a message as Python's `email` package reads it. */
export interface PythonPart {
  /** The types above it, outermost first, and its own. */
  readonly path: readonly string[];
  /** By the modern policy and by the old one. */
  readonly filenames: readonly [string | null, string | null];
  /** `name` of the content type. */
  readonly name: string | null;
  readonly disposition: string | null;
  readonly contentId: string | null;
  readonly method: string | null;
  readonly charset: string | null;
  /** The decoded bytes; of a message, its own as Python writes them. */
  readonly content: Buffer;
  readonly defects: readonly string[];
}

const SCRIPT = `
import sys, json, base64
from email import message_from_bytes, policy
def content(part):
    if part.get_content_maintype() == 'message':
        return part.get_payload(0).as_bytes(policy=policy.default.clone(linesep='\\r\\n'))
    return part.get_payload(decode=True) or b''
def walk(part, old, path):
    path = path + [part.get_content_type()]
    if part.get_content_maintype() == 'multipart':
        for one, other in zip(part.get_payload(), old.get_payload()):
            yield from walk(one, other, path)
        return
    fields = [part[name] for name in ('content-type', 'content-disposition', 'content-transfer-encoding') if name in part]
    yield {
        'path': path,
        'filenames': [part.get_filename(), old.get_filename()],
        'name': part.get_param('name'),
        'method': part.get_param('method'),
        'charset': part.get_param('charset'),
        'disposition': part.get_content_disposition(),
        'contentId': None if part['content-id'] is None else str(part['content-id']),
        'content': base64.b64encode(content(part)).decode('ascii'),
        'defects': [type(d).__name__ for d in part.defects] + [type(d).__name__ for f in fields for d in f.defects],
    }
out = []
for line in sys.stdin:
    data = base64.b64decode(line)
    new = message_from_bytes(data, policy=policy.default)
    old = message_from_bytes(data, policy=policy.compat32)
    out.append(list(walk(new, old, [])))
json.dump(out, sys.stdout)
`;

/** The leaves of each message. One process for all; it has 20 s. */
export function partsByPython(messages: readonly Uint8Array[]): readonly (readonly PythonPart[])[] {
  const run = spawnSync('python3', ['-c', SCRIPT], {
    input: messages.map((bytes) => `${Buffer.from(bytes).toString('base64')}\n`).join(''),
    timeout: 20_000,
    maxBuffer: 256 * 1024 * 1024,
    env: { ...process.env, PYTHONIOENCODING: 'utf-8' },
  });
  if (run.status !== 0) throw new Error(`python3 failed: ${run.stderr.toString()}`);
  const read = JSON.parse(run.stdout.toString('utf8')) as readonly (readonly (Omit<PythonPart, 'content'> & {
    readonly content: string;
  })[])[];
  return read.map((parts) =>
    parts.map((part) => ({ ...part, content: Buffer.from(part.content, 'base64') })),
  );
}
