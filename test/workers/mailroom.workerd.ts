import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { durableObjectSql } from '../../src/platform/workers/sql.ts';
import { mailroomContract } from '../contracts/mailroom.ts';

mailroomContract("a Durable Object's storage", (work) =>
  runInDurableObject(env.MAILROOM.getByName(crypto.randomUUID()), async (_object, { storage }) => {
    // The object has opened a room of its own over it; the suite begins with nothing.
    await storage.deleteAll();
    work(durableObjectSql(storage));
  }),
);
