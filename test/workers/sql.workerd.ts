import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { durableObjectSql } from '../../src/platform/workers/sql.ts';
import { sqlContract } from '../contracts/sql.ts';

sqlContract("a Durable Object's storage", (work) =>
  runInDurableObject(env.MAILROOM.getByName(crypto.randomUUID()), (_object, { storage }) => {
    work(durableObjectSql(storage));
  }),
);
