// How much memory a part of a message is counted with, without writing it as JSON: the relay asks for every frame.

const MEMBER_BYTES = 16;
const MAX_DEPTH = 64;

/**
 * The characters of all texts and names, and a little for each value: about what it is as JSON, at least half of what
 * it holds in memory. Infinite for what is nested more deeply than `MAX_DEPTH`: writing that out could exhaust the stack.
 * @param value what JSON can hold
 */
export function sizeOfJson(value: unknown, depth = 0): number {
  if (typeof value === 'string') return MEMBER_BYTES + value.length;
  if (typeof value !== 'object' || value === null) return MEMBER_BYTES;
  if (depth === MAX_DEPTH) return Infinity;
  let bytes = MEMBER_BYTES;
  for (const name in value)
    bytes += name.length + sizeOfJson((value as Readonly<Record<string, unknown>>)[name], depth + 1);
  return bytes;
}
