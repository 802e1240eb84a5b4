// The OpenAPI 3.1 document of a list of operations. Pure; errors come with the texts of the registry.
// It knows no route: operations.ts lists them.

import { errorEntry, type ErrorCode } from '../errors.ts';
import type { Operation } from './operation.ts';

/** What of JSON Schema the operations use, as it stands in the document. */
export interface DocumentSchema {
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, DocumentSchema>>;
  readonly required?: readonly string[];
  readonly items?: DocumentSchema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
}

export interface DocumentParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: DocumentSchema;
}

type Content = Readonly<Record<string, { readonly schema?: DocumentSchema }>>;

export interface DocumentError {
  readonly code: ErrorCode;
  readonly texts: readonly string[];
}

export interface DocumentResponse {
  readonly description: string;
  readonly content?: Content;
  readonly 'x-errors'?: readonly DocumentError[];
}

export interface DocumentOperation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly DocumentParameter[];
  readonly requestBody?: { readonly required: true; readonly content: Content } | undefined;
  readonly responses: Readonly<Record<string, DocumentResponse>>;
}

export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, DocumentSchema>>;
    readonly securitySchemes: Readonly<Record<string, object>>;
  };
}

const JSON_TYPE = 'application/json';
/** Of the API, not of the program: the document is public, and versions of programs tell attackers what to try. */
const API_VERSION = '1.0.0';
const DESCRIPTION =
  'What Portico serves itself, beside the Matrix API that it passes on to Synapse. Who asks is what Synapse says of the access token. Where the gateway is configured so (`signaling.identity`), a `userId` alone does for a client whose own `/sync` comes from the same address. Bodies are JSON of at most 64 KiB. Every error is `{"error", "code"}`, and `Retry-After` says when asking again can help.';

const IDENTITY_ERRORS: readonly ErrorCode[] = [
  'IDENTITY_REQUIRED',
  'IDENTITY_UNKNOWN_TOKEN',
  'IDENTITY_MISMATCH',
  'IDENTITY_UNAVAILABLE',
  'ORIGIN_REFUSED',
  'API_RATE_EXCEEDED',
];
const BODY_ERRORS: readonly ErrorCode[] = ['BODY_NOT_JSON', 'BODY_TOO_LARGE'];

const ERROR_SCHEMA: DocumentSchema = {
  title: 'Error',
  type: 'object',
  required: ['error', 'code'],
  properties: {
    error: { type: 'string', description: 'For people.' },
    code: { type: 'string', description: 'For programs.' },
    callId: { type: 'string', description: 'With `CALL_GLARE`: the call that goes on ringing.' },
    detail: { type: 'string', description: 'For pages of the room registry: the same as `error`.' },
  },
};
const CALL_ID: DocumentSchema = {
  type: 'string',
  description: 'The `callId`.',
  examples: ['0123456789abcdef0123456789abcdef'],
};

const RECORDING_ID: DocumentSchema = {
  type: 'string',
  description: 'The `id` of a recording.',
  examples: ['fedcba9876543210fedcba9876543210'],
};

export function openapi(operations: readonly Operation[]): OpenApiDocument {
  const schemas: Record<string, DocumentSchema> = {};
  const paths: Record<string, Record<string, DocumentOperation>> = {};
  for (const operation of operations) {
    const methods = (paths[operation.path] ??= {});
    methods[operation.method.toLowerCase()] = documentOperation(operation, schemas);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Portico', version: API_VERSION, description: DESCRIPTION },
    servers: [{ url: '/' }],
    tags: [...new Set(operations.map(({ area }) => area))].map((name) => ({ name })),
    paths,
    components: {
      schemas,
      securitySchemes: {
        accessToken: { type: 'http', scheme: 'bearer', description: 'The access token of a Matrix login.' },
      },
    },
  };
}

function documentOperation(operation: Operation, schemas: Record<string, DocumentSchema>): DocumentOperation {
  const { id, area, summary, description, needsIdentity, answers } = operation;
  const requestBody = requestBodyOf(operation, schemas);
  const responses: Record<string, DocumentResponse> = {};
  for (const { status, description: what, schema, mediaType = JSON_TYPE } of answers) {
    const content =
      schema === undefined ? { [mediaType]: {} } : { [mediaType]: { schema: named(schema, schemas) } };
    responses[status] = { description: what, ...(status === 204 ? {} : { content }) };
  }
  for (const [status, errors] of errorsByStatus(operation)) {
    responses[status] = {
      description: errors.map(({ code, texts }) => `\`${code}\`: ${texts.join('; ')}`).join('\n\n'),
      content: { [JSON_TYPE]: { schema: named(ERROR_SCHEMA, schemas) } },
      'x-errors': errors,
    };
  }
  const parameters = parametersOf(operation);
  return {
    operationId: id,
    tags: [area],
    summary,
    ...(description === undefined ? {} : { description }),
    security: needsIdentity ? [{ accessToken: [] }, {}] : [],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(requestBody === undefined ? {} : { requestBody }),
    responses,
  };
}

function requestBodyOf(
  { body, bodyType }: Operation,
  schemas: Record<string, DocumentSchema>,
): DocumentOperation['requestBody'] {
  if (body !== undefined)
    return { required: true, content: { [JSON_TYPE]: { schema: named(body, schemas) } } };
  return bodyType === undefined ? undefined : { required: true, content: { [bodyType]: {} } };
}

function parametersOf({ path, pathId, query, headers }: Operation): readonly DocumentParameter[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']): DocumentParameter => ({
    name,
    in: 'path',
    required: true,
    schema: name === 'recordingId' ? RECORDING_ID : pathId === undefined ? CALL_ID : plain(pathId),
  }));
  return [...inPath, ...membersOf('query', query), ...membersOf('header', headers)];
}

function membersOf(place: 'query' | 'header', schema: object = {}): readonly DocumentParameter[] {
  const { properties = {}, required = [] } = plain(schema);
  return Object.entries(properties).map(([name, member]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: member,
  }));
}

function errorsByStatus(operation: Operation): ReadonlyMap<number, readonly DocumentError[]> {
  const { needsIdentity, body, errors, faults = [] } = operation;
  const codes = new Set<ErrorCode>([
    ...(faults.length === 0 ? [] : (['CALL_REQUEST_INCOMPLETE'] as const)),
    ...(body === undefined ? [] : BODY_ERRORS),
    ...(needsIdentity ? IDENTITY_ERRORS : []),
    ...errors,
  ]);
  const found = [...codes].map((code) => ({
    status: errorEntry(code).status,
    code,
    texts: code === 'CALL_REQUEST_INCOMPLETE' && faults.length > 0 ? faults : [errorEntry(code).text],
  }));
  const statuses = [...new Set(found.map(({ status }) => status))].toSorted((a, b) => a - b);
  return new Map(
    statuses.map((status) => [
      status,
      found.filter((error) => error.status === status).map(({ code, texts }) => ({ code, texts })),
    ]),
  );
}

/** Schemas with a title stand once, under `components`, and are referred to: generators name types after them. */
function named(schema: object, schemas: Record<string, DocumentSchema>): DocumentSchema {
  const hoist = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(hoist);
    if (typeof value !== 'object' || value === null) return value;
    const copy = Object.fromEntries(Object.entries(value).map(([key, member]) => [key, hoist(member)]));
    const { title, ...rest } = copy;
    if (typeof title !== 'string') return copy;
    schemas[title] = rest;
    return { $ref: `#/components/schemas/${title}` };
  };
  return hoist(plain(schema)) as DocumentSchema;
}

/** As JSON has it: TypeBox keeps marks of its own beside the schema. */
function plain(schema: object): DocumentSchema {
  return JSON.parse(JSON.stringify(schema)) as DocumentSchema;
}
