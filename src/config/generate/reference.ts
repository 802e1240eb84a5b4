// docs/config.md: every key with its variable, default and meaning, a table per section.

import { variableName } from '../environment.ts';
import type { Entries, Key } from '../keys.ts';
import { fileName } from '../keys.ts';

const INTRODUCTION = `# Configuration

<!-- Generated from src/config/sections. -->

Portico reads one YAML file, \`config/portico.yaml\` or the one that \`--config\` names. Without a file, everything has its
default. \`config/portico.yaml\` shows every key with its default; \`config/schema.json\` lets an editor complete and check it.

- **Environment.** Every key can also be set by the variable in its row, which outweighs the file. Lists are given with
  commas or as JSON, maps as JSON. An empty variable counts as not set; an empty list is \`[]\`.
- **Durations** are a whole number and a unit: \`500ms\`, \`10s\`, \`5m\`, \`1h\`.
- **Sizes** are a number of bytes, or a number and a unit: \`64KiB\`, \`50MiB\`, \`1GiB\`.
- **Secrets** may be given as a file instead: \`x_file\` (or \`PORTICO_…_X_FILE\`) is the path of a file that holds \`x\`.
  Relative paths start at the working directory.
- **Faults.** An unknown key or variable, a bad value or an unreadable file stops the start, and all of them are listed.
  \`portico check\` lists them without starting, or prints the config in effect with secrets masked.
`;

export function renderReference(entries: Entries): string {
  return [INTRODUCTION, ...renderSection(entries, [])].join('\n');
}

function renderSection(entries: Entries, at: readonly string[]): readonly string[] {
  const all = Object.values(entries);
  const keys = all.filter((entry) => entry.entry === 'key');
  const sections = all.filter((entry) => entry.entry === 'section');
  const title = at.length === 0 ? 'Top level' : `\`${at.join('.')}\``;
  const table = renderTable([
    ['Key', 'Environment variable', 'Default', 'Meaning', 'Allowed'],
    ...keys.flatMap((key) => renderRows(key, at)),
  ]);
  return [
    ...(keys.length > 0 ? [`## ${title}\n`, `${table}\n`] : []),
    ...sections.flatMap((section) => renderSection(section.entries, [...at, section.yamlName])),
  ];
}

function renderRows(key: Key<unknown>, at: readonly string[]): readonly (readonly string[])[] {
  const path = [...at, key.yamlName];
  const defaultText = key.hasDefault
    ? `\`${JSON.stringify(key.written).replace(/^"(.*)"$/, '$1')}\``
    : 'none';
  const row = [`\`${path.join('.')}\``, `\`${variableName(path)}\``, defaultText, key.doc, key.kind.allowed];
  if (!key.isSecret) return [row];
  const filePath = [...at, fileName(key.yamlName)];
  const fileRow = [`\`${filePath.join('.')}\``, `\`${variableName(filePath)}\``, 'none'];
  return [row, [...fileRow, `The file that holds \`${key.yamlName}\`.`, 'the path of a readable file']];
}

/** Columns padded as the repository's formatter wants it: the committed file has to equal this text. */
function renderTable(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|').replaceAll('*', '\\*')));
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = cells;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}
