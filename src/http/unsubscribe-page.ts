import { html, type Markup } from './markup.ts';

/** Plain, in the colours of whoever reads it, and readable without any of it. */
const STYLE = `
:root { color-scheme: light dark; font: 17px/1.6 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: Canvas; color: CanvasText; }
main { max-width: 30rem; padding: 2rem 1.5rem; text-align: center; }
h1 { font-size: 1.5rem; line-height: 1.3; margin: 0 0 .75rem; }
p { margin: 0 0 1.5rem; overflow-wrap: anywhere; }
button { font: inherit; font-weight: 600; padding: .6rem 1.6rem; border: 0; border-radius: .5rem;
  background: light-dark(#1f5fbf, #82b4ff); color: light-dark(#fff, #10151d); cursor: pointer; }
button:focus-visible { outline: 3px solid light-dark(#1f5fbf, #82b4ff); outline-offset: 3px; }
`;

/** What the page asks: a form without an address goes where the page came from. */
export function askingPage(address: string): string {
  return page(
    'Unsubscribe',
    html`<h1>Unsubscribe?</h1>
<p>${address} will get no more mail from here.</p>
<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click"><button>Unsubscribe</button></form>`,
  );
}

export function donePage(address: string): string {
  return page(
    'Unsubscribed',
    html`<h1>You are unsubscribed</h1>
<p>${address} will get no more mail from here.</p>`,
  );
}

function page(title: string, content: Markup): string {
  const style: Markup = { markup: STYLE };
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${style}</style>
</head>
<body><main>
${content}
</main></body>
</html>
`.markup;
}

/** The page loads and runs nothing, is shown in nobody's frame, posts to where it came from, and tells nobody its address. */
export async function pageHeaders(): Promise<Readonly<Record<string, string>>> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(STYLE));
  const style = `'sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}'`;
  return {
    'content-security-policy': `default-src 'none'; style-src ${style}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    'x-robots-tag': 'noindex',
  };
}
