import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hashKey, mintKey, parseKey } from '../../src/mailroom/key-format.ts';
import type { Admission, Door } from '../../src/mailroom/mailroom.ts';
import { openSqlite } from '../../src/platform/node/sqlite.ts';
import { House, OPERATOR } from '../contracts/mailroom/house.ts';

const PREFIX = 'mw_';

function two(): readonly [House, House] {
  return [new House(openSqlite(':memory:')), new House(openSqlite(':memory:'))];
}

/** A full-access key of this house's account, as its holder has it. */
async function tokenFor(house: House, account: string): Promise<string> {
  const { token, publicId } = mintKey({ prefix: PREFIX, account, random: (size) => randomBytes(size) });
  const hash = await hashKey(token);
  const key = {
    id: house.newId(),
    publicId,
    hash,
    name: 'CI',
    permission: 'full_access',
    domain: null,
  } as const;
  expect(house.room.createApiKey({ key, now: house.now }).ok).toBe(true);
  return token;
}

function publicIdOf(token: string): string {
  return parseKey({ prefix: PREFIX, token })?.publicId ?? 'not a token';
}

/** What the room says to this token, whichever account its routing part names. */
async function knock(house: House, token: string, id = publicIdOf(token)): Promise<Admission['kind']> {
  const door: Door = { credential: { kind: 'key', id, hash: await hashKey(token) }, scope: 'full' };
  return house.room.admit({ door, now: house.now }).kind;
}

describe('accounts', () => {
  test('threats §9 r2: a key of one account, or one forged for its public part, opens no other', async () => {
    const [mine, theirs] = two();
    const token = await tokenFor(mine, 'mine');
    const foreign = await tokenFor(theirs, 'theirs');
    expect([await knock(mine, token), await knock(theirs, foreign)]).toEqual(['admitted', 'admitted']);
    expect([await knock(theirs, token), await knock(mine, foreign)]).toEqual(['refused', 'refused']);
    expect(await knock(theirs, token, publicIdOf(foreign))).toBe('refused');
  });

  test('threats §9 r7: the same idempotency key in two accounts is two keys', () => {
    const idempotency = { key: 'order-1', endpoint: 'POST /emails', fingerprint: 'f' };
    const door = { ...OPERATOR, idempotency };
    const answers = two().map((house) => house.send([house.email()], { door }).kind);
    expect(answers).toEqual(['accepted', 'accepted']);
  });

  test('threats §9 r6: nothing of one account is found in another', () => {
    const [mine, theirs] = two();
    const id = mine.accepted(undefined, { id: '00000000-0000-7000-8000-0000000000aa' });
    theirs.accepted();
    const page = { limit: 10, after: id, before: null };
    expect(theirs.room.email({ id })).toBeNull();
    expect(theirs.room.emails({ page })).toMatchObject({ ok: false, refusal: { code: 'validation_error' } });
    expect(theirs.room.cancel({ id, now: theirs.now })).toMatchObject({ refusal: { code: 'not_found' } });
  });

  test('threats §9 r12: a token that was made and used is nowhere in the files of its account', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'accounts-'));
    try {
      const sql = openSqlite(join(folder, 'mailroom.db'));
      const house = new House(sql);
      const token = await tokenFor(house, 'mine');
      expect(await knock(house, token)).toBe('admitted');
      const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'));
      expect(files.some((bytes) => bytes.includes(token.slice(-30)))).toBe(false);
      expect(
        files.some((bytes) => bytes.includes(parseKey({ prefix: PREFIX, token })?.publicId ?? 'none')),
      ).toBe(true);
      sql.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
