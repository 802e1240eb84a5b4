// Request heads for unit tests, made by the reader that makes them in production, and the lines of the corpus files.
// It judges nothing: a head that is refused here is a mistake of the test.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { readHead, type RequestHead } from '../../src/http/head.ts';
import { REPOSITORY_DIR } from './places.ts';

export interface HeadParts {
  readonly method?: string;
  readonly target?: string;
  readonly httpVersion?: string;
  /** Without `Host`, which is added first unless it stands here. */
  readonly headers?: readonly string[];
}

export function headOf(parts: HeadParts = {}): RequestHead {
  const headers = parts.headers ?? [];
  const hasHost = headers.some((item, i) => i % 2 === 0 && item.toLowerCase() === 'host');
  const verdict = readHead({
    method: parts.method ?? 'GET',
    target: parts.target ?? '/_matrix/client/versions',
    httpVersion: parts.httpVersion ?? '1.1',
    rawHeaders: hasHost || parts.httpVersion === '1.0' ? headers : ['Host', 'gateway.test', ...headers],
  });
  if ('refused' in verdict) throw new Error(`the head of this test is refused: ${verdict.refused}`);
  return verdict.head;
}

/** The targets of a file in test/corpus, as Node's parser would hand them over: one latin1 character for a byte. */
export function corpusTargets(name: 'targets' | 'forbidden-targets'): readonly string[] {
  return readFileSync(join(REPOSITORY_DIR, 'test', 'corpus', `${name}.txt`), 'latin1')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
}
