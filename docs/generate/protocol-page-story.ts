// What the sample sessions of web pages are made of, and how they stand in a page of docs/protocol/: who connects, what
// each sends and is told. A test plays them against a gateway.

import type { PageEntry } from '../../src/protocol/catalogue-page.ts';

export type Who = 'alice' | 'bob' | 'carol';
export type PageFrame = Readonly<Record<string, unknown>>;

export type PageStep = { readonly who: Who } & (
  | { readonly does: 'connects'; readonly path: string }
  | { readonly does: 'sends' | 'is told'; readonly frame: PageFrame }
  | { readonly does: 'closes' }
);

export interface PageStory {
  readonly title: string;
  readonly words: string;
  /** Whether it needs `signaling.profile.relay_unknown`. */
  readonly relaysUnknown?: boolean;
  readonly steps: readonly PageStep[];
}

export function connects(who: Who, path: string): PageStep {
  return { who, does: 'connects', path };
}

export function sends(who: Who, frame: PageFrame): PageStep {
  return { who, does: 'sends', frame };
}

export function isTold(who: Who, frame: PageFrame): PageStep {
  return { who, does: 'is told', frame };
}

export function closes(who: Who): PageStep {
  return { who, does: 'closes' };
}

/** The frame that the catalogue shows, with other values for some members. @throws for a name that is not in it */
export function sampleFrame(entries: readonly PageEntry[], name: string, more: PageFrame = {}): PageFrame {
  const entry = entries.find((one) => one.name === name);
  if (entry === undefined) throw new Error(`${name} is not in the catalogue`);
  return { type: name, ...entry.example, ...more };
}

export function without(frame: PageFrame, ...names: readonly string[]): PageFrame {
  return Object.fromEntries(Object.entries(frame).filter(([name]) => !names.includes(name)));
}

export function renderStory({ title, words, steps }: PageStory): string {
  const width = Math.max(...steps.map(({ who }) => who.length));
  const rows = steps.map((step) => `${step.who.padEnd(width)} ${renderStep(step)}`);
  return `### ${title}\n\n${words}\n\n\`\`\`text\n${rows.join('\n')}\n\`\`\`\n`;
}

function renderStep(step: PageStep): string {
  switch (step.does) {
    case 'connects':
      return `connects to ${step.path}`;
    case 'sends':
      return `→ ${JSON.stringify(step.frame)}`;
    case 'is told':
      return `← ${JSON.stringify(step.frame)}`;
    case 'closes':
      return 'closes';
    default:
      return step satisfies never;
  }
}
