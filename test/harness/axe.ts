// What axe-core has against a page as it is now, in the light and in the dark. Only what it calls serious or critical.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import type { Page } from 'playwright-core';
import type { Test } from 'tap';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SERIOUS = new Set(['serious', 'critical']);

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
}

/** Fails the test with each place in the page and what is wrong there. @param what the page shows */
export async function isAccessible(t: Test, page: Page, what: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    // Colours in the middle of a transition have a contrast that nobody reads.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.evaluate(AXE);
    const violations = (await page.evaluate('axe.run().then(({ violations }) => violations)')) as Violation[];
    const serious = violations.filter(({ impact }) => SERIOUS.has(impact));
    t.strictSame(serious.map(describe), [], `${what}, ${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'no-preference' });
}

function describe({ id, nodes }: Violation): string {
  const places = nodes.map(({ target, failureSummary }) => `${target.join(' ')} ${failureSummary}`);
  return `${id}: ${places.join('; ')}`;
}
