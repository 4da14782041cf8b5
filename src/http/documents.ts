import type { Outgoing } from './answer.ts';
import type { OpenId } from './context.ts';
import type { Parts } from './parts.ts';

const docsPage = () => '<!doctype html><title>temporary</title>';

/** The page loads nothing from anywhere: what it needs is in it. */
const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** What describes the API, in three forms of the same table. */
export function document(id: Exclude<OpenId, 'getHealth'>, { documents }: Parts): Outgoing {
  switch (id) {
    case 'getOpenapiYaml':
      return { status: 200, bytes: documents.yaml };
    case 'getOpenapiJson':
      return { status: 200, json: documents.json };
    case 'getDocs':
      return { status: 200, bytes: docsPage(), headers: { 'content-security-policy': PAGE_POLICY } };
  }
}
