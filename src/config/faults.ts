// What is wrong with a configuration, and how it is told. `check`, `serve` and a reload print the same text.
// Owns the masking and shortening of values: nothing else in this folder prints a value.

export type PathSegment = string | number;

export interface Fault {
  /** Dotted path of the key, or the file or variable when no key is concerned. */
  readonly path: string;
  /** The variable or the place in the file that gave the value. */
  readonly source?: string;
  /** Continues the sentence that starts with the path. */
  readonly problem: string;
  /** Already masked and shortened. */
  readonly value?: string;
  readonly allowed?: string;
  readonly hint?: string;
}

const MAX_VALUE_CHARACTERS = 80;
const MASK = '***';

export function formatFaults(faults: readonly Fault[]): string {
  const title =
    faults.length === 1 ? '1 fault in the configuration' : `${faults.length} faults in the configuration`;
  return [`${title}:\n`, ...faults.map(formatFault)].join('\n');
}

function formatFault({ path, source, problem, value, allowed, hint }: Fault): string {
  const lines = [`${path} ${problem}`];
  if (value !== undefined) lines.push(`  value:   ${value}`);
  if (source !== undefined) lines.push(`  from:    ${source}`);
  if (allowed !== undefined) lines.push(`  allowed: ${allowed}`);
  if (hint !== undefined) lines.push(`  hint:    ${hint}`);
  return `${lines.join('\n')}\n`;
}

/** `limits.header_size`, `listen[1]`; a name that is no plain word is quoted. */
export function formatPath(path: readonly PathSegment[]): string {
  return path
    .map((segment, index) => {
      if (typeof segment === 'number') return `[${segment}]`;
      if (!/^\w{1,64}$/.test(segment)) return `[${describeValue(segment)}]`;
      return index === 0 ? segment : `.${segment}`;
    })
    .join('');
}

/** As JSON, on one line, harmless to a terminal; `***` for a secret. */
export function describeValue(
  value: unknown,
  {
    isSecret = false,
    maxCharacters = MAX_VALUE_CHARACTERS,
  }: { readonly isSecret?: boolean; readonly maxCharacters?: number } = {},
): string {
  if (isSecret) return MASK;
  const json = toJson(value)
    // A password inside a URL is a secret even where the key is none.
    .replaceAll(/(\/\/|\bturns?:).*@/g, `$1${MASK}@`)
    // JSON escapes only the C0 controls; C1, bidi and line separators would still steer a terminal.
    .replaceAll(/[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, escapeCharacter);
  if (json.length <= maxCharacters) return json;
  return `${json.slice(0, maxCharacters)}… (${json.length} characters)`;
}

function toJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return '(a value that cannot be shown)';
  }
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
