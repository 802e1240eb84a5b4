// docs/openapi.json: the document that the gateway serves at /api/docs/json, for readers of the repository.
// What it says is listed beside the routes.

import { openapi } from '../../src/api/openapi.ts';
import { OPERATIONS } from '../../src/api/operations.ts';
import { renderJson } from '../../src/config/generate/schema.ts';
import type { JsonValue } from '../../src/config/kinds/kind.ts';

export function renderOpenApi(): string {
  const document = JSON.parse(JSON.stringify(openapi(OPERATIONS))) as JsonValue;
  return `${renderJson(document, '', 0)}\n`;
}
