'use strict';
/**
 * A plugin for Haraka: an HTTP endpoint in front of its outbound queue, which is on the disk before it answers, and the bench's
 * sink as the one place that mail goes to. Haraka gives `OK` and `DENY` to its plugins as globals.
 */
const { createServer } = require('node:http');
const { createRequire } = require('node:module');

const here = createRequire(process.env.BENCH_REQUIRE_FROM);
const MailComposer = here('nodemailer/lib/mail-composer');
const outbound = createRequire(process.env.BENCH_HARAKA)('./outbound');

exports.register = function register() {
  createServer((request, response) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => void accept(Buffer.concat(pieces), response));
  }).listen(Number(process.env.BENCH_HTTP_PORT), '127.0.0.1');
};

async function accept(body, response) {
  const mail = JSON.parse(body.toString('utf8'));
  const bytes = await new MailComposer(mail).compile().build();
  outbound.send_email(
    '<orders@shop.example>',
    '<ada@customer.example>',
    bytes.toString('latin1'),
    (code, message) => {
      const text = JSON.stringify({ message });
      response.writeHead(code === globalThis.OK || code === 906 ? 200 : 500, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
      });
      response.end(text);
    },
  );
}

exports.hook_get_mx = (next) => {
  next(OK, { exchange: '127.0.0.1', port: Number(process.env.BENCH_SINK_PORT), priority: 0 });
};
