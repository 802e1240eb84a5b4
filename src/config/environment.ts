// Which environment variables belong to which key. Owns the names, and which foreign ones are overlooked.
// Reads no environment of its own: the caller hands it in.

import type { Entries } from './keys.ts';
import { fileName, placedKeys } from './keys.ts';

export const PREFIX = 'PORTICO_';

export type Environment = Readonly<Record<string, string | undefined>>;

export function variableName(path: readonly string[]): string {
  return PREFIX + path.join('_').toUpperCase();
}

/** Every variable of a tree with the path that it sets; a list, so that a test can find two of one name. */
export function variables(
  entries: Entries,
): readonly { readonly name: string; readonly path: readonly string[] }[] {
  return placedKeys(entries).flatMap(({ path, key }) => {
    const paths = key.isSecret ? [path, [...path.slice(0, -1), fileName(key.yamlName)]] : [path];
    return paths.map((variablePath) => ({ name: variableName(variablePath), path: variablePath }));
  });
}

/** The value of a variable. `compose.yaml` passes `X=` for an X that nobody set, so that empty means not given. */
export function givenVariable(environment: Environment, name: string): string | undefined {
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
  return value === '' ? undefined : value;
}

/**
 * Kubernetes and Docker links describe a service called `portico` to its neighbours, in variables that begin like ours:
 * refusing those would keep the pod from starting. A bare `…_PORT` is theirs only when it holds their kind of URL.
 */
export function isServiceVariable(name: string, value: string | undefined): boolean {
  if (/_SERVICE_HOST$|_SERVICE_PORT(?:_\w+)?$|_PORT_[0-9]+_(?:TCP|UDP|SCTP)(?:_\w+)?$/.test(name))
    return true;
  return name.endsWith('_PORT') && /^(?:tcp|udp|sctp):\/\//.test(value ?? '');
}
