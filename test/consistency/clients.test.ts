// What docs/clients.md tells people to type is true: its configs load, and the keys, paths, codes, headers, claims and
// links that it names exist. Starts nothing.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import t, { type Test } from 'tap';

import { OPERATIONS } from '../../src/api/operations.ts';
import { questionHeaders } from '../../src/application/question.ts';
import { configTree, type Config } from '../../src/config/config.ts';
import { formatFaults } from '../../src/config/faults.ts';
import { placedKeys } from '../../src/config/keys.ts';
import { DEFAULT_FILE, loadConfig } from '../../src/config/load.ts';
import { ERRORS, errorEntry, type ErrorCode } from '../../src/errors.ts';
import { addressRanges } from '../../src/http/address.ts';
import { readClient } from '../../src/http/client.ts';
import { readHead } from '../../src/http/head.ts';
import { CLOSE_CODES } from '../../src/protocol/close-codes.ts';
import { servicePathOf } from '../../src/proxy/service-path.ts';
import { REPOSITORY_DIR } from '../harness/places.ts';

const PAGE = 'docs/clients.md';
const MARK = `# ${DEFAULT_FILE}\n`;
/** A tunnel's idle end, and what a browser calls a connection that is lost; the rest is ours. */
const OTHER_CLOSE_CODES: readonly number[] = [1001, 1006];
/** Of Matrix, and passed on. */
const MATRIX_PATHS = ['/sync'];

const text = read(PAGE);
const prose = text.replaceAll(/^```.*?^```$/gms, '');
const blocks = matches(text, /^```yaml\n(.*?)^```$/gms);
const codes = Object.keys(ERRORS) as ErrorCode[];

function read(path: string): string {
  return readFileSync(join(REPOSITORY_DIR, path), 'utf8');
}

function matches(within: string, pattern: RegExp): string[] {
  return [...within.matchAll(pattern)].map(([whole, group]) => group ?? whole);
}

/** As an operator has it on the disk, with the secret files that it names. */
function load(test: Test, block: string): Config | undefined {
  const directory = test.testdir({ config: { 'portico.yaml': block, ...secretsOf(block) } });
  const loaded = loadConfig({ environment: {}, directory });
  test.equal('faults' in loaded ? formatFaults(loaded.faults) : '', '', block);
  return 'config' in loaded ? loaded.config : undefined;
}

function secretsOf(block: string): Record<string, string> {
  const files = matches(block, /\b\w+_file: config\/([\w.-]+)/g);
  return Object.fromEntries(
    files.map((name) => [name, 'a long random text for a test, and for nothing else']),
  );
}

await t.test('every config loads without faults', (test) => {
  test.ok(blocks.length >= 8, 'the page shows configs');
  for (const block of blocks) {
    test.ok(block.startsWith(MARK), `a yaml block begins with the name of its file\n${block}`);
    load(test, block);
  }
  test.end();
});

await t.test('every key that it names exists', (test) => {
  const known = new Set<string>();
  for (const { path } of placedKeys(configTree))
    for (const [index] of path.entries()) known.add(path.slice(0, index + 1).join('.'));
  const named = matches(prose, /`([a-z_]+(?:\.[a-z_]+)+)`/g).filter((name) =>
    known.has(name.split('.', 1)[0] ?? ''),
  );
  test.ok(named.length > 20, 'keys were found');
  for (const name of named) test.ok(known.has(name), name);
  test.end();
});

await t.test('every path that it names is served, by default or by its own configs', (test) => {
  const operations = OPERATIONS.map(({ path }) => path);
  const { socketio, profile, room } = configTree.signaling.entries;
  const prefixes = [socketio, profile, room].map(({ entries }) => entries.path.written as string);
  const services = blocks.flatMap((block) => {
    const { tunnels = [], routes = [] } = load(test, block) ?? {};
    return [...tunnels, ...routes].map(({ path }) => path);
  });
  const inCode = matches(prose, /`([^`\n]+)`/g).flatMap((code) => matches(code, /(?:^|\s)(\/[^\s]*)/g));
  const inUrls = matches(text, /(?:https|wss):\/\/matrix\.example\.org(\/[^\s'"`<]*)/g);
  const paths = [...inCode, ...inUrls].map((path) => path.replace(/\?.*/, ''));
  test.ok(paths.length > 20, 'paths were found');
  for (const path of paths) {
    const isOwn = operations.includes(path) || MATRIX_PATHS.includes(path);
    const isBelow = prefixes.some((prefix) => path.startsWith(prefix));
    // Clients are told the beginning of a service's paths without the slash that they put behind it.
    const isService = [path, `${path}/`].some((one) => servicePathOf(one, services) !== undefined);
    test.ok(isOwn || isBelow || isService, path);
  }
  test.end();
});

await t.test('every close code exists, with the text that stands beside it', (test) => {
  const named = matches(prose, /\b(?:10[01]\d|4\d{3})\b/g).map(Number);
  const known: readonly number[] = [...Object.values(CLOSE_CODES), ...OTHER_CLOSE_CODES];
  test.ok(named.length > 20, 'close codes were found');
  for (const code of named) test.ok(known.includes(code), String(code));

  const said = [...prose.matchAll(/\b(\d{4}) `([A-Z][^`]+)`/g)];
  test.ok(said.length > 5, 'texts were found');
  for (const [whole, code, reason] of said) {
    const entries = codes.map((name) => errorEntry(name));
    test.ok(
      entries.some(({ closeCode, text: ours }) => closeCode === Number(code) && ours === reason),
      whole,
    );
  }
  test.end();
});

await t.test('every error code exists, with the status that stands beside it', (test) => {
  const areas = new Set(codes.map((code) => code.split('_', 1)[0] ?? ''));
  const named = [...prose.matchAll(/(?:\b(\d{3}) )?`([A-Z]+(?:_[A-Z]+)+)`/g)].filter(([, , code = '']) =>
    areas.has(code.split('_', 1)[0] ?? ''),
  );
  test.ok(named.length > 8, 'codes were found');
  for (const [, status, name = ''] of named) {
    const code = codes.find((known) => known === name);
    test.ok(code, name);
    if (code !== undefined && status !== undefined) test.equal(errorEntry(code).status, Number(status), name);
  }
  test.end();
});

await t.test('an application is asked with the headers that it names', (test) => {
  const rawHeaders = ['Host', 'matrix.example.org'];
  const read = readHead({ method: 'GET', target: '/ws/1/tutor', httpVersion: '1.1', rawHeaders });
  if (!('head' in read)) throw new Error('the head is refused');
  const peer = { address: '192.0.2.7', isUnix: false, isTls: true, localAuthority: 'localhost' };
  const client = readClient(read.head, peer, addressRanges([]));
  const handshake = { requestHead: read.head, client, requestId: '1' };
  const headers = [
    ...questionHeaders(handshake, { kind: 'profile', profileId: 1, profileType: 'tutor' }),
    ...questionHeaders(handshake, { kind: 'room', roomId: '17', userId: '42' }),
  ];
  const sent = new Set(headers.filter((name, index) => index % 2 === 0 && name.startsWith('X-')));
  test.strictSame(new Set(matches(prose, /`(X-[\w-]+)`/g)), sent);
  test.end();
});

await t.test('it names every claim, as it is called by default', (test) => {
  const { profile, room } = configTree.signaling.entries;
  const claims = [profile, room].flatMap(({ entries }) => Object.values(entries.jwt.entries.claims.entries));
  for (const { written } of claims) test.match(prose, `\`${written as string}\``);
  test.end();
});

await t.test('every link leads to a file, and to one of its headings', (test) => {
  const links = [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)];
  test.ok(links.length > 20, 'links were found');
  for (const [whole, file = '', anchor] of links) {
    const path = file === '' ? PAGE : join(dirname(PAGE), file);
    const isThere = existsSync(join(REPOSITORY_DIR, path));
    test.ok(isThere, whole);
    if (isThere && anchor !== undefined) test.ok(anchorsOf(read(path)).includes(anchor), whole);
  }
  test.end();
});

function anchorsOf(page: string): readonly string[] {
  return matches(page, /^#+ (.+)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}
