import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { printDocuments } from './src/platform/dev/build-documents.ts';
import { certificates } from './test/support/certificates.ts';

await printDocuments();

// The authority that workerd shall trust is read when the plugin is loaded, so it has to be there before.
const made = await certificates();
const authority = join(await mkdtemp(join(tmpdir(), 'mailwright-workerd-')), 'ca.pem');
await writeFile(authority, made.ca);
process.env['NODE_EXTRA_CA_CERTS'] = authority;
const { cloudflareTest } = await import('@cloudflare/vitest-plugin');

export default defineConfig({
  plugins: [
    cloudflareTest(({ inject }) => ({
      wrangler: { configPath: './wrangler.toml' },
      miniflare: { bindings: inject<Record<string, string>>('settings') },
    })),
  ],
  // As wrangler.toml has it: the entry for browsers reads errors with a DOMParser, which workerd does not have.
  resolve: {
    alias: {
      '@aws-sdk/xml-builder': join(
        import.meta.dirname,
        'node_modules/@aws-sdk/xml-builder/dist-cjs/index.js',
      ),
    },
  },
  test: {
    include: ['test/workers/**/*.workerd.ts'],
    globalSetup: [
      'test/workers/support/surroundings.ts',
      'test/workers/support/web.ts',
      'test/workers/support/bucket.ts',
    ],
    provide: { certificates: made },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // The runtime's own node:tls leaves this rejection to nobody when a handshake after STARTTLS fails; the same failure
    // reaches us as an error of the socket.
    onUnhandledError: ({ message }) => !/^internal error; reference = /.test(message),
  },
});
