// Loads the config from the disk and an environment. Owns which file is read and what its absence means.
// Decides nothing about values, and reads no environment of its own.

import { isAbsolute, join } from 'node:path';

import type { Config } from './config.ts';
import { configTree } from './config.ts';
import { findConflicts } from './conflicts.ts';
import { parseYaml } from './document.ts';
import { givenVariable, variableName, type Environment } from './environment.ts';
import type { Fault } from './faults.ts';
import { describeValue } from './faults.ts';
import type { Resolved } from './resolve.ts';
import { resolve } from './resolve.ts';
import { readTextFile } from './text-file.ts';

export const DEFAULT_FILE = 'config/portico.yaml';

export interface LoadOptions {
  /** Named by the operator, so that its absence is a fault; without it the default file is read if it exists. */
  readonly file?: string | undefined;
  readonly environment: Environment;
  /** What relative paths start from, those of secret files too; the working directory when left out. */
  readonly directory?: string;
}

export function loadConfig({ file, environment, directory = process.cwd() }: LoadOptions): Resolved<Config> {
  const fromDirectory = (path: string): string => (isAbsolute(path) ? path : join(directory, path));
  const document = readDocument(file ?? DEFAULT_FILE, fromDirectory, { mayBeMissing: file === undefined });
  const resolved = resolve(configTree, {
    ...('faults' in document
      ? { document: undefined }
      : { document: document.data, locate: document.locate }),
    environment,
    readFile: (path) => readTextFile(fromDirectory(path)),
  });
  // A broken file is no reason to keep quiet about the environment.
  if (!('faults' in document)) {
    if ('faults' in resolved) return resolved;
    const conflicts = findConflicts(resolved.config, (path) => {
      // The key is the path or a beginning of it: what follows is a place within its value.
      const names = path.map((_, index) => variableName(path.slice(0, index + 1).map(String)));
      const name = names.find((candidate) => givenVariable(environment, candidate) !== undefined);
      return name ?? document.locate(path);
    });
    return conflicts.length > 0 ? { faults: conflicts } : resolved;
  }
  return { faults: [...document.faults, ...('faults' in resolved ? resolved.faults : [])] };
}

function readDocument(
  file: string,
  fromDirectory: (path: string) => string,
  { mayBeMissing }: { readonly mayBeMissing: boolean },
): ReturnType<typeof parseYaml> {
  const content = readTextFile(fromDirectory(file));
  if ('text' in content) return parseYaml(content.text, file);
  if (content.isMissing && mayBeMissing) return parseYaml('', file);
  const fault: Fault = { path: `The config file ${describeValue(file)}`, problem: content.problem };
  return { faults: [fault] };
}
