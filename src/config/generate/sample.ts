// The commented sample: every line is the default, so that loading it equals loading nothing.

import { stringify } from 'yaml';

import type { Entries, Key } from '../keys.ts';
import type { JsonValue } from '../kinds/kind.ts';

const WIDTH = 110;

export function renderSample(entries: Entries): string {
  const head = [
    '# yaml-language-server: $schema=./schema.json',
    '',
    '# Generated. Every line is the default: keep the lines that you change, or none at all.',
  ];
  return `${[...head, ...renderEntries(entries, '')].join('\n')}\n`;
}

function renderEntries(entries: Entries, indent: string): readonly string[] {
  return Object.values(entries).flatMap((entry, index) => {
    const gap = index === 0 && indent !== '' ? [] : [''];
    if (entry.entry === 'key') return [...gap, ...renderKey(entry, indent)];
    const opening = [...comment(entry.doc, indent), `${indent}${entry.yamlName}:`];
    return [...gap, ...opening, ...renderEntries(entry.entries, `${indent}  `)];
  });
}

function renderKey(
  { yamlName, kind, doc, written, hasDefault, isSecret }: Key<unknown>,
  indent: string,
): readonly string[] {
  const line = `${yamlName}: ${inline(written)}`;
  return [
    ...comment(doc, indent),
    ...comment(`Allowed: ${kind.allowed}.`, indent),
    ...(isSecret ? comment(`Or ${yamlName}_file: the path of a file that holds it.`, indent) : []),
    hasDefault ? `${indent}${line}` : `${indent}# ${line}`,
  ];
}

function inline(value: JsonValue): string {
  return stringify(value, {
    collectionStyle: 'flow',
    singleQuote: true,
    lineWidth: 0,
    flowCollectionPadding: false,
  }).trimEnd();
}

function comment(text: string, indent: string): readonly string[] {
  const lines: string[] = [];
  let line = `${indent}#`;
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = `${indent}#`;
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
