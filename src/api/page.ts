// The API document as a page for people. Pure: no script, nothing loaded from anywhere, light or dark as the reader's
// system is. Everything that goes into it is escaped; what the API is stands in the document.

import type {
  DocumentOperation,
  DocumentParameter,
  DocumentResponse,
  DocumentSchema,
  OpenApiDocument,
} from './openapi.ts';
import { STYLE } from './style.ts';

type Schemas = OpenApiDocument['components']['schemas'];

interface Placed {
  readonly method: string;
  readonly path: string;
  readonly operation: DocumentOperation;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const MAX_DEPTH = 4;

/** @param origin where the reader found it, for examples that work as they are */
export function renderPage({ info, tags, paths, components }: OpenApiDocument, origin: string): string {
  const operations: readonly Placed[] = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
  const areas = tags.map(({ name }) => ({
    name,
    within: operations.filter(({ operation }) => operation.tags.includes(name)),
  }));
  const contents = areas.map(
    ({ name, within }) =>
      `<section><h3>${escape(name)}</h3><ul>${within.map(contentsLink).join('')}</ul></section>`,
  );
  const sections = areas.map(
    ({ name, within }) =>
      `<h2>${escape(name)}</h2>${within.map((placed) => operationSection(placed, components.schemas, origin)).join('')}`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>${escape(info.title)} API</title><style>${STYLE}</style></head>
<body><header><h1>${escape(info.title)} API</h1><p>${prose(info.description)}</p>
<p>For programs: <a href="/api/docs/json">OpenAPI 3.1</a>.</p></header>
<nav aria-label="Contents">${contents.join('')}</nav><main>${sections.join('')}</main></body></html>
`;
}

function contentsLink({ method, path, operation }: Placed): string {
  return `<li><a href="#${escape(operation.operationId)}"><b>${method}</b> <code>${breakable(path)}</code></a></li>`;
}

function operationSection({ method, path, operation }: Placed, schemas: Schemas, origin: string): string {
  const { operationId, summary, description, parameters = [], requestBody, responses } = operation;
  const body = requestBody?.content['application/json']?.schema;
  const answers = Object.entries(responses);
  const errors = answers.flatMap(([status, { 'x-errors': listed = [] }]) =>
    listed.map(({ code, texts }) => [
      status,
      `<code>${breakable(code)}</code>`,
      texts.map((text) => escape(text)).join('<br>'),
    ]),
  );
  return `<article id="${escape(operationId)}"><h3><span class="${method}">${method}</span> <code>${breakable(path)}</code></h3>
<p class="summary">${prose(summary)}</p>${description === undefined ? '' : `<p>${prose(description)}</p>`}${
    parameters.length === 0 ? '' : `<h4>Parameters</h4>${parameterTable(parameters)}`
  }${body === undefined ? '' : `<h4>Body</h4>${schemaTable(body, schemas)}`}
${answers
  .filter(([, response]) => response['x-errors'] === undefined)
  .map((answer) => answerSection(answer, schemas))
  .join('')}${
    errors.length === 0
      ? ''
      : `<details><summary>Errors</summary>${table(['Status', 'Code', 'Text'], errors)}</details>`
  }
<h4>Example</h4><pre><code>${escape(curl({ method, path, operation }, schemas, origin))}</code></pre></article>
`;
}

function answerSection(
  [status, { description, content = {} }]: [string, DocumentResponse],
  schemas: Schemas,
): string {
  const [[mediaType, { schema }] = ['', {}]] = Object.entries(content);
  const what = schema === undefined ? escape(mediaType) : schemaTable(schema, schemas);
  return `<h4>Answer ${escape(status)}</h4><p>${prose(description)}</p>${what}`;
}

function parameterTable(parameters: readonly DocumentParameter[]): string {
  const rows = parameters.map(({ name, in: place, required, schema }) => [
    memberName(name, required),
    `${typeOf(schema, {})}<br><small>in the ${place}</small>`,
    about(schema),
  ]);
  return table(['Name', 'Type', 'About'], rows);
}

function schemaTable(schema: DocumentSchema, schemas: Schemas): string {
  const { description } = resolve(schema, schemas);
  const rows = memberRows(schema, schemas, '', 0);
  const head = description === undefined ? '' : `<p>${prose(description)}</p>`;
  return head + (rows.length === 0 ? '' : table(['Member', 'Type', 'About'], rows));
}

/** The members of an object, those of objects within it below, with their path. */
function memberRows(schema: DocumentSchema, schemas: Schemas, path: string, depth: number): string[][] {
  const { properties = {}, required = [] } = resolve(schema, schemas);
  return Object.entries(properties).flatMap(([name, member]) => {
    const isList = resolve(member, schemas).type === 'array';
    const inner = isList ? (resolve(member, schemas).items ?? {}) : member;
    const row = [
      memberName(path + name, required.includes(name)),
      typeOf(member, schemas),
      about(resolve(member, schemas)),
    ];
    const within =
      depth + 1 < MAX_DEPTH
        ? memberRows(inner, schemas, `${path}${name}${isList ? '[]' : ''}.`, depth + 1)
        : [];
    return [row, ...within];
  });
}

function memberName(name: string, isRequired: boolean): string {
  return `<code>${breakable(name)}</code>${isRequired ? '' : ' <small>optional</small>'}`;
}

function typeOf(schema: DocumentSchema, schemas: Schemas): string {
  const { type, enum: words, items, minimum, maximum, maxItems, maxLength } = resolve(schema, schemas);
  if (words !== undefined) return words.map((value) => `<code>${escape(String(value))}</code>`).join(' | ');
  if (type === 'array') {
    return `list of ${maxItems === undefined ? '' : `at most ${maxItems}: `}${typeOf(items ?? {}, schemas)}`;
  }
  const name = (typeof type === 'string' ? [type] : (type ?? [])).map((one) => escape(one)).join(' or ');
  if (minimum !== undefined && maximum !== undefined) return `${name}, ${minimum} to ${maximum}`;
  if (minimum !== undefined) return `${name}, at least ${minimum}`;
  return maxLength === undefined ? name : `${name}, at most ${maxLength} characters`;
}

function about({ description, default: preset }: DocumentSchema): string {
  const otherwise =
    preset === undefined ? '' : ` If left out: <code>${escape(JSON.stringify(preset))}</code>.`;
  return prose(description ?? '') + otherwise;
}

function resolve(schema: DocumentSchema, schemas: Schemas): DocumentSchema {
  const name = schema.$ref?.split('/').at(-1);
  return name === undefined ? schema : (schemas[name] ?? {});
}

/** Only what is needed, and what has an example of its own. */
function curl({ method, path, operation }: Placed, schemas: Schemas, origin: string): string {
  const { parameters = [], requestBody, security } = operation;
  const target = path.replaceAll(/\{(\w+)\}/g, (whole, name) => {
    const parameter = parameters.find((known) => known.name === name);
    return parameter === undefined ? whole : exampleText(parameter.schema);
  });
  const query = parameters
    .filter(({ in: place, required }) => place === 'query' && required)
    .map(({ name, schema }) => `${name}=${encodeURIComponent(exampleText(schema))}`);
  const body = requestBody?.content['application/json']?.schema;
  const lines = [`curl ${quote(origin + target + (query.length === 0 ? '' : `?${query.join('&')}`))}`];
  if (method !== 'GET') lines[0] = `curl -X ${method} ${lines[0]?.slice('curl '.length)}`;
  if (security.length > 0) lines.push('-H "Authorization: Bearer $ACCESS_TOKEN"');
  for (const { in: place, name, required, schema } of parameters)
    if (place === 'header' && required) lines.push(`-H ${quote(`${name}: ${exampleText(schema)}`)}`);
  const [mediaType] = Object.keys(requestBody?.content ?? {});
  if (mediaType !== undefined && body === undefined)
    lines.push(`-H 'Content-Type: ${mediaType}'`, '--data-binary @FILE');
  if (body !== undefined) {
    const members = Object.entries(resolve(body, schemas).properties ?? {}).flatMap(([name, member]) => {
      const [value] = resolve(member, schemas).examples ?? [];
      return value === undefined ? [] : [[name, value] as const];
    });
    lines.push("-H 'Content-Type: application/json'");
    lines.push(`-d ${quote(JSON.stringify(Object.fromEntries(members)))}`);
  }
  return lines.join(' \\\n  ');
}

function exampleText({ examples: [value] = [] }: DocumentSchema): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? '');
}

/** For a POSIX shell: nothing within single quotes has a meaning but the quote. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return `<div class="table"><table><thead>${cells(head, 'th')}</thead><tbody>${rows.map((row) => cells(row, 'td')).join('')}</tbody></table></div>`;
}

function cells(row: readonly string[], tag: string): string {
  return `<tr>${row.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
}

/** Text with code between backticks. */
function prose(text: string): string {
  return escape(text).replaceAll(/`([^`]*)`/g, '<code>$1</code>');
}

/** Long paths, codes and member names may be broken where a reader would: a phone is narrower than they are. */
function breakable(text: string): string {
  return escape(text).replaceAll(/[/_.]/g, '$&<wbr>');
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}
