/** The whole look of the reference page. Colours come in pairs, for light and dark. */
export const DOCS_STYLE = `
:root {
  color-scheme: light dark;
  --ink: light-dark(#1d2430, #dfe5ee);
  --soft: light-dark(#5b6678, #98a4b5);
  --paper: light-dark(#ffffff, #12161d);
  --side: light-dark(#f6f8fb, #171c25);
  --line: light-dark(#e2e7ee, #29313d);
  --link: light-dark(#1f5fbf, #82b4ff);
  --code: light-dark(#f0f3f8, #1f2631);
  --panel: #161c27;
  --green: light-dark(#11703f, #63d297);
  --blue: light-dark(#1d57b5, #7fb0ff);
  --amber: light-dark(#8a5a00, #f0bd5a);
  --red: light-dark(#b3261e, #ff8f85);
  font: 16px/1.6 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif;
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1.5rem; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; color: var(--ink); background: var(--paper); }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
code, pre, .path { font-family: ui-monospace, 'SF Mono', SFMono-Regular, Menlo, Consolas, monospace; }
code { font-size: .86em; background: var(--code); padding: .12em .35em; border-radius: 4px; overflow-wrap: anywhere; }
h1, h2, h3, h4 { line-height: 1.25; text-wrap: balance; }
h1 { font-size: 2.1rem; margin: 0 0 .5rem; letter-spacing: -.02em; }
h1 small { font-size: .9rem; font-weight: 500; color: var(--soft); letter-spacing: 0; margin-left: .5rem; }
h2 { font-size: 1.5rem; margin: 0; letter-spacing: -.01em; }
h3 { font-size: 1.15rem; margin: 0 0 .25rem; }
h4 { font-size: .78rem; margin: 1.6rem 0 .4rem; text-transform: uppercase; letter-spacing: .07em; color: var(--soft); }
p { margin: .5rem 0; }
.layout { display: grid; grid-template-columns: 17rem minmax(0, 1fr); }
nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.5rem 1.25rem 3rem;
  background: var(--side); border-right: 1px solid var(--line); font-size: .9rem; }
nav > a { font-weight: 700; font-size: 1.05rem; color: var(--ink); }
nav h2 { font-size: .75rem; margin: 1.4rem 0 .35rem; text-transform: uppercase; letter-spacing: .07em; color: var(--soft); }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li a { display: flex; gap: .5rem; align-items: baseline; padding: .16rem 0; color: var(--ink); line-height: 1.35; }
nav .method { font-size: .62rem; min-width: 2.9rem; }
main { padding: 2.5rem clamp(1.25rem, 4vw, 4rem) 6rem; max-width: 92rem; }
.intro { max-width: 46rem; }
section.tag { margin-top: 4rem; padding-top: 1.75rem; border-top: 2px solid var(--line); }
section.tag > p { color: var(--soft); }
article { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 30rem); gap: 1rem 3rem;
  padding: 2.25rem 0; border-top: 1px solid var(--line); }
section.tag > article:first-of-type { border-top: 0; }
article:target h3, .component:target h3 { text-decoration: underline 3px var(--link); text-underline-offset: .3em; }
.route { display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; margin: .35rem 0 .75rem; }
.path { font-size: .92rem; overflow-wrap: anywhere; }
.method { font: 700 .7rem/1.5 ui-monospace, Menlo, Consolas, monospace; text-transform: uppercase; letter-spacing: .03em; }
.route .method { padding: .15rem .5rem; border: 1px solid currentColor; border-radius: 999px; }
.get { color: var(--blue); } .post { color: var(--green); } .patch { color: var(--amber); } .delete { color: var(--red); }
.key { font-size: .8rem; color: var(--soft); }
.fields { list-style: none; margin: 0; padding: 0; }
.fields li { padding: .55rem 0; border-top: 1px solid var(--line); }
.fields li:first-child { border-top: 0; }
.fields p { margin: .15rem 0 0; font-size: .92rem; color: var(--soft); }
.name { font-weight: 650; background: none; padding: 0; font-size: .9rem; }
.type, .fact { font-size: .82rem; color: var(--soft); }
.fact::before { content: '· '; }
.required { font-size: .75rem; font-weight: 600; color: var(--amber); }
.choices code { margin-right: .1rem; }
.samples { align-self: start; position: sticky; top: 1.5rem; max-height: calc(100vh - 3rem); overflow-y: auto; border-radius: 10px; }
.sample { background: var(--panel); color: #dbe4f0; margin-bottom: .75rem; border: 1px solid light-dark(#161c27, #29313d); border-radius: 10px; overflow: hidden; }
.sample summary { cursor: pointer; padding: .6rem 1rem; font-size: .8rem; color: #a8b4c6; }
.sample pre { margin: 0; padding: .25rem 1rem 1rem; font-size: .8rem; line-height: 1.55; overflow-x: auto; white-space: pre-wrap;
  overflow-wrap: anywhere; }
.sample b { font-weight: 400; }
.sample .key { color: #8ec5ff; font-size: inherit; } .sample .str { color: #a5d6a0; } .sample .lit { color: #f0bd7a; }
.errors { width: 100%; border-collapse: collapse; font-size: .88rem; }
.errors td { padding: .4rem .75rem .4rem 0; border-top: 1px solid var(--line); vertical-align: top; }
.errors tr:first-child td { border-top: 0; }
.errors td:first-child { font-weight: 650; font-variant-numeric: tabular-nums; }
.errors td:last-child { color: var(--soft); }
details.more > summary { cursor: pointer; color: var(--link); font-size: .9rem; }
.component { padding: 1.5rem 0; border-top: 1px solid var(--line); max-width: 52rem; }
@media (max-width: 75rem) { article { grid-template-columns: minmax(0, 1fr); } .samples { position: static; max-height: none; } }
@media (max-width: 52rem) {
  .layout { grid-template-columns: minmax(0, 1fr); }
  nav { position: static; height: auto; border-right: 0; border-bottom: 1px solid var(--line); padding-bottom: 1.25rem; }
  nav ul { columns: 2; }
}
@media print { nav { display: none; } .layout, article { display: block; } }
`;
