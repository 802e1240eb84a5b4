// How the API page looks: one style sheet, light and dark, from a phone's width up. It names no font to be loaded.

export const STYLE = `
:root { color-scheme: light dark; --text: #1d2430; --soft: #5a6577; --back: #fff; --card: #f6f7f9; --line: #dfe3e9;
  --link: #0b57c2; --get: #0a6b4f; --post: #8a4b00; }
@media (prefers-color-scheme: dark) { :root { --text: #e4e8ee; --soft: #a0aaba; --back: #14171c; --card: #1c2027;
  --line: #333a45; --link: #86b6ff; --get: #6fd3ae; --post: #f0b56a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 58rem; background: var(--back); color: var(--text);
  font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.8rem; margin: 0 0 .5rem; }
h2 { font-size: 1.35rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1.05rem; margin: 0; }
h4 { font-size: .9rem; margin: 1.1rem 0 .35rem; color: var(--soft); }
p { margin: .35rem 0; }
a { color: var(--link); }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
small { color: var(--soft); font-size: .8em; }
nav { columns: 19rem 2; column-gap: 2rem; margin-top: 1.5rem; }
nav section { break-inside: avoid; padding-bottom: 1rem; }
nav ul { list-style: none; margin: .25rem 0 0; padding: 0; }
nav a { display: block; padding: .2rem 0; text-decoration: none; }
nav a:hover { text-decoration: underline; }
nav b { display: inline-block; min-width: 2.6rem; font-size: .75rem; color: var(--soft); }
article { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; margin: 0 0 1rem;
  scroll-margin-top: 1rem; }
article:target { border-color: var(--link); }
.GET, .POST { font-size: .8rem; font-weight: 700; letter-spacing: .03em; margin-right: .35rem; }
.GET { color: var(--get); }
.POST { color: var(--post); }
.summary { font-weight: 600; }
.table { overflow-x: auto; }
table { width: 100%; table-layout: fixed; border-collapse: collapse; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-top: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; border-top: 0; }
th:first-child { width: 32%; }
th:nth-child(2) { width: 30%; }
details { margin-top: 1.1rem; }
summary { cursor: pointer; font-size: .9rem; font-weight: 600; color: var(--soft); }
pre { background: var(--back); border: 1px solid var(--line); border-radius: .35rem; padding: .75rem; margin: 0;
  overflow-x: auto; }
@media (max-width: 36rem) {
  thead { display: none; }
  tr { display: block; border-top: 1px solid var(--line); padding: .4rem 0; }
  td { display: block; border: 0; padding: .05rem 0; }
  td:empty { display: none; }
}
`;
