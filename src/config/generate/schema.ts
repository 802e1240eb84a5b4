// The JSON Schema of the config file, for editors. It accepts all that the loader accepts; the loader refuses more.

import type { Entries, Key } from '../keys.ts';
import { fileName } from '../keys.ts';
import type { JsonObject, JsonValue } from '../kinds/kind.ts';

const WIDTH = 110;

export function renderSchema(entries: Entries): string {
  return `${renderJson(configSchema(entries), '', 0)}\n`;
}

export function configSchema(entries: Entries): JsonObject {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Portico configuration',
    ...sectionSchema(entries),
  };
}

function sectionSchema(entries: Entries): JsonObject {
  const properties: Record<string, JsonValue> = {};
  const exclusive: JsonObject[] = [];
  for (const entry of Object.values(entries)) {
    const { yamlName, doc } = entry;
    if (entry.entry === 'section') {
      properties[yamlName] = { description: doc, ...sectionSchema(entry.entries) };
      continue;
    }
    properties[yamlName] = keySchema(entry);
    if (!entry.isSecret) continue;
    const description = `The path of a file that holds ${yamlName}.`;
    properties[fileName(yamlName)] = { description, type: 'string', minLength: 1 };
    // `required` alone holds for null too, so that a section whose every line is commented out would be refused.
    exclusive.push({ not: { type: 'object', required: [yamlName, fileName(yamlName)] } });
  }
  return {
    // A section whose every line is commented out is null.
    type: ['object', 'null'],
    additionalProperties: false,
    properties,
    ...(exclusive.length > 0 ? { allOf: exclusive } : {}),
  };
}

function keySchema({ kind, doc, written, hasDefault }: Key<unknown>): JsonObject {
  const described = { description: `${doc} Allowed: ${kind.allowed}.`, ...kind.schema };
  return hasDefault ? { ...described, default: written } : { ...described, examples: [written] };
}

/** Short lists on one line, as the repository's formatter wants it: the committed file has to equal this text. */
export function renderJson(value: JsonValue, indent: string, column: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const list = value as readonly JsonValue[];
    const items = list.map((item) => renderJson(item, inner, inner.length));
    const line = `[${items.join(', ')}]`;
    const isShort = !line.includes('\n') && column + line.length < WIDTH;
    return isShort ? line : `[\n${items.map((item) => inner + item).join(',\n')}\n${indent}]`;
  }
  const members = Object.entries(value).map(([name, member]: [string, JsonValue]) => {
    const opening = `${inner}${JSON.stringify(name)}: `;
    return opening + renderJson(member, inner, opening.length);
  });
  return members.length === 0 ? '{}' : `{\n${members.join(',\n')}\n${indent}}`;
}
