/**
 * A data folder with accepted mails that wait for a relay.
 *
 *     node bench/support/filled.ts <folder> <count> <relay>
 */

import type { NewEmail } from '../../src/mailroom/records.ts';
import { parseAddress } from '../../src/mime/address.ts';
import { openAccounts } from '../../src/platform/node/accounts.ts';
import { newId } from '../../src/platform/node/ids.ts';
import { ROOM_CONFIG } from '../../test/support/room-config.ts';
import { ALTERNATIVE_5K, type Mail } from '../mails.ts';

const AT_ONCE = 100;

export function newEmail(mail: Mail): NewEmail {
  const id = newId();
  const from = mailbox(mail.from);
  const to = mailbox(mail.to);
  return {
    id,
    messageId: `<${id}@shop.example>`,
    boundary: id.replaceAll('-', ''),
    from,
    sender: from.address,
    fromDomain: 'shop.example',
    to: [to],
    cc: null,
    bcc: null,
    replyTo: null,
    subject: mail.subject,
    headers: [],
    tags: null,
    scheduledAt: null,
    tls: null,
    content: { kind: 'inline', html: mail.html ?? null, text: mail.text ?? null },
    envelope: [{ address: to.address, simulation: null }],
    attachments: [],
    objects: [],
  };
}

function mailbox(given: string): NewEmail['from'] {
  const read = parseAddress(given);
  if (!read.ok) throw new Error(`No address: ${given}`);
  return { name: read.mailbox.name, address: read.mailbox.address, given };
}

if (import.meta.main) {
  const [dataDir = '', count = '', relay = ''] = process.argv.slice(2);
  const accounts = openAccounts({
    dataDir,
    config: { ...ROOM_CONFIG, relays: [relay], clearRelays: [relay] },
    lost: (cause) => {
      throw cause;
    },
  });
  accounts.create('default');
  const room = await accounts.room('default');
  if (room === null) throw new Error('no room');
  const door = { key: { id: null, permission: 'full_access', domain: null } } as const;
  for (let left = Number(count); left > 0; left -= AT_ONCE) {
    const calls = Array.from({ length: Math.min(left, AT_ONCE) }, () => {
      const items = [{ kind: 'email', email: newEmail(ALTERNATIVE_5K) }] as const;
      return room.accept({ door, mode: 'single', items, now: Date.now() });
    });
    await Promise.all(calls);
  }
  accounts.close();
}
