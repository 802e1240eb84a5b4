// The text of the repository for the consistency tests: its files, its code without comments and strings, its imports.
// Reads with simple patterns, which the formatter's uniform style allows; it judges nothing.

import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

import { REPOSITORY_DIR } from '../harness/places.ts';

export interface SourceFile {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

export function readSource(path: string): SourceFile {
  return { path, text: readFileSync(join(REPOSITORY_DIR, path), 'utf8') };
}

export function sourceFiles(...patterns: readonly string[]): readonly SourceFile[] {
  const found = globSync([...patterns], { cwd: REPOSITORY_DIR }).map((path) => path.replaceAll('\\', '/'));
  return found.toSorted().map((path) => readSource(path));
}

/** Everything that is or would be committed; undefined where there is no git (an unpacked archive). */
export function committedPaths(): readonly string[] | undefined {
  if (!existsSync(join(REPOSITORY_DIR, '.git'))) return undefined;
  const listing = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: REPOSITORY_DIR,
    encoding: 'utf8',
  });
  const paths = listing.split('\0').filter((path) => path !== '');
  return paths.filter((path) => existsSync(join(REPOSITORY_DIR, path)));
}

/** The code, with comments and the insides of strings and regular expressions blanked; lines keep their numbers. */
export function codeOf(text: string): string {
  const token =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|(?<=[(,=:[!&|?{};]\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])*\/[a-z]*/g;
  return text.replaceAll(token, (found) => {
    // What is substituted into a template is code too.
    const kept = found.startsWith('`') ? (found.match(/\$\{[^}]*\}/g) ?? []).join(' ') : '';
    return kept + found.replaceAll(/[^\n]/g, '');
  });
}

export interface ImportEdge {
  /** From the repository's root. */
  readonly from: string;
  /** A path from the repository's root for a file, else the package's name (`node:net`, `undici`). */
  readonly to: string;
  readonly isPackage: boolean;
  /** Whether nothing of it is left once types are stripped. */
  readonly isTypeOnly: boolean;
  /** The imported names; of a default or namespace import, or a dynamic one, `*`. */
  readonly names: readonly string[];
}

const STATIC = /^(?:import|export)\s+(?<type>type\s+)?(?<clause>[^'";]*?)\s*from\s*'(?<target>[^']+)'/gm;
const BARE = /^import\s*'(?<target>[^']+)'/gm;
const DYNAMIC = /\bimport\(\s*'(?<target>[^']+)'/g;

export function importsOf(file: SourceFile): readonly ImportEdge[] {
  const text = file.text.replaceAll(/^\s*(?:\/\/|\*|\/\*).*$/gm, '');
  const edges: ImportEdge[] = [];
  for (const { groups } of text.matchAll(STATIC)) {
    const { type, clause = '', target = '' } = groups ?? {};
    const braces = /^\{(?<members>[^}]*)\}$/s.exec(clause.trim())?.groups?.['members'];
    const members = (braces ?? '*').split(',').map((member) => member.trim());
    const named = members.filter((member) => member !== '');
    const values = named.filter((member) => !member.startsWith('type '));
    const isTypeOnly = type !== undefined || values.length === 0;
    edges.push(edge(file, target, isTypeOnly, isTypeOnly ? named : values));
  }
  for (const pattern of [BARE, DYNAMIC]) {
    for (const { groups } of text.matchAll(pattern))
      edges.push(edge(file, groups?.['target'] ?? '', false, ['*']));
  }
  return edges;
}

function edge(file: SourceFile, target: string, isTypeOnly: boolean, members: readonly string[]): ImportEdge {
  const names = members.map((member) => member.replace(/^type\s+/, '').replace(/\s+as\s.*$/s, ''));
  const isPackage = !target.startsWith('.');
  const to = isPackage ? packageOf(target) : posix.join(posix.dirname(file.path), target);
  return { from: file.path, to, isPackage, isTypeOnly, names };
}

function packageOf(target: string): string {
  if (target.startsWith('node:')) return target;
  return target.split('/', target.startsWith('@') ? 2 : 1).join('/');
}
