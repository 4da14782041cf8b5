import { readPage } from '../../schemas/page.ts';
import { internalError, notFound, unavailable } from '../../schemas/refusal.ts';
import type { EmailRecord } from '../mailroom/records.ts';
import type { ObjectStore } from '../objects/store.ts';
import type { KeyedHandlers } from './context.ts';
import type { Body } from './draft.ts';
import { presentEmail, presentEmailSummary, presentEvent, presentPage } from './present.ts';
import { storedBody } from './stored-body.ts';
import { streamOf } from './stream.ts';

/** How long a client waits before it asks again while object storage is down. */
const RETRY_AFTER_SECONDS = 5;

/** Reading what was accepted. */
export const emailsRead: Pick<KeyedHandlers, 'listEmails' | 'getEmail' | 'listEmailEvents' | 'getEmailRaw'> =
  {
    async listEmails({ query }, { room, reader }) {
      const found = await room.emails({ page: readPage(query) });
      if (!found.ok) return found;
      return { status: 200, body: presentPage(found.value, (email) => presentEmailSummary(email, reader)) };
    },

    async getEmail({ params }, { room, parts, reader }) {
      const email = await room.email({ id: params.id.toLowerCase() });
      if (email === null) return { refusal: notFound('Email') };
      return { status: 200, body: presentEmail(email, await bodyOf(email, parts.objects), reader) };
    },

    async listEmailEvents({ params, query }, { room }) {
      const found = await room.emailEvents({ id: params.id.toLowerCase(), page: readPage(query) });
      return found.ok ? { status: 200, body: presentPage(found.value, presentEvent) } : found;
    },

    async getEmailRaw({ params }, { room, parts }) {
      const email = await room.email({ id: params.id.toLowerCase() });
      if (email === null) return { refusal: notFound('Email') };
      const prepared = await parts.prepare(email);
      switch (prepared.kind) {
        case 'ready': {
          const { open, sha256, size } = prepared.composed;
          const headers = { 'x-mailwright-sha256': sha256, 'content-length': String(size) };
          return { status: 200, bytes: streamOf(open()), headers };
        }
        case 'unavailable':
          return { refusal: unavailable(RETRY_AFTER_SECONDS) };
        case 'failed':
          return { refusal: internalError() };
      }
    },
  };

/** Html and text as they were sent. Of a message that its caller composed, only the bytes are known. */
async function bodyOf({ content }: EmailRecord, objects: ObjectStore): Promise<Body> {
  switch (content.kind) {
    case 'inline':
      return { html: content.html, text: content.text };
    case 'raw':
      return { html: null, text: null };
    case 'object':
      return await storedBody(content.key, objects);
  }
}
