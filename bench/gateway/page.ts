// The page docs/benchmarks.md, to which two commands write: each replaces its own part and leaves the other's.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PAGE = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));

const HELD_TITLE = '## Held for minutes';
const NOT_HELD = 'Not measured yet: `npm run bench:held -- --write`.';

const TOP = `# Benchmarks

Portico beside the proxies that people use in its place. Written by the benchmarks themselves; see [how to run
them](#how-to-run-them). Absolute figures are those of one machine: compare ratios.
`;

const END = `## How to run them

- \`npm run bench:gateway\` measures everybody and prints these tables: five rounds, about two hours and a half. It needs
  two cores on which nothing else runs; it installs nginx, HAProxy and Caddy if it may, and says what to install if not.
- \`npm run bench:gateway -- --quick\` takes about ten minutes, and its figures show no more than that everything runs.
- \`--only nginx,portico\` and \`--scenarios tls\` choose by parts of names; \`--rounds 3\` is quicker; \`--write\` writes this
  page.
- \`npm run bench:held\` holds 9,000 \`/sync\` for ten minutes in one process of Portico, prints its memory every minute, and
  fails if one of them is closed before its answer. \`--count\` and \`--minutes\` take other numbers, \`--write\` writes its
  part of this page.
`;

/** @param change gets the page as it is, empty if there is none */
export function writePage(change: (before: string) => string): void {
  writeFileSync(PAGE, change(existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : ''));
}

/** @param before the page as it is, empty if there is none */
export function withReport(before: string, report: string): string {
  return renderPage(report, heldIn(before) ?? NOT_HELD);
}

/** @param before the page as it is, empty if there is none */
export function withHeld(before: string, held: string): string {
  return renderPage(reportIn(before) ?? 'The rivals: not measured yet.', held);
}

function renderPage(report: string, held: string): string {
  return [TOP, report.trim(), '', `${HELD_TITLE}\n`, held.trim(), '', END].join('\n');
}

function reportIn(page: string): string | undefined {
  const held = page.indexOf(`\n${HELD_TITLE}\n`);
  return page.startsWith(TOP) && held !== -1 ? page.slice(TOP.length, held) : undefined;
}

function heldIn(page: string): string | undefined {
  const [held, end] = [page.indexOf(`\n${HELD_TITLE}\n`), page.indexOf(`\n${END}`)];
  return held !== -1 && end !== -1 ? page.slice(held + HELD_TITLE.length + 2, end) : undefined;
}
