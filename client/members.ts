// What is read from `unknown`: texts, numbers, objects, lists, JSON. Nothing here throws, and nothing knows what is meant by it.

export type Members = Readonly<Record<string, unknown>>;

/** @returns an empty text for what is none */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** @returns undefined for what is none, or has no end */
export function numberOf(value: unknown): number | undefined {
  return Number.isFinite(value) ? (value as number) : undefined;
}

/** @returns an object without any such members for what is none */
export function membersOf(value: unknown): Members {
  return Object(value) as Members;
}

/** @returns an empty list for what is none */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** @returns undefined for what is no JSON */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
