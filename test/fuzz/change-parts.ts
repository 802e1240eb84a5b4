// One change of a request where it means something: a field, its framing, its target. In place, by the dice given.

import { CHUNK_SIZES, FIELDS, METHODS, ODD_FIELDS, TRAILERS, VALUES, VERSIONS } from './dictionary.ts';
import type { SeededRandom } from './random.ts';
import { FORBIDDEN_TARGETS, TARGETS, type RequestParts } from './request.ts';

type Change = (parts: RequestParts, random: SeededRandom) => void;

/** What leaves a request one that an honest client could send, if it was one. */
const HARMLESS: readonly Change[] = [
  (parts, random) => insertField(parts, random, random.pick(FIELDS)),
  (parts, random) => insertField(parts, random, random.pick(FIELDS)),
  reorder,
  respell,
  pad,
  (parts, random) => {
    parts.target = random.pick(TARGETS);
  },
  makeChunked,
  (parts, random) => {
    parts.method = random.pick(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']);
  },
  (parts, random) => setBody(parts, 'b'.repeat(random.pick([0, 1, 63, 64, 65, 1_000, 5_000]))),
  (parts) => {
    parts.headers.push('Expect: 100-continue');
  },
  (parts) => {
    parts.version = 'HTTP/1.0';
  },
];

const HARMFUL: readonly Change[] = [
  (parts, random) => insertField(parts, random, random.pick(ODD_FIELDS)),
  (parts, random) => insertField(parts, random, random.pick(ODD_FIELDS)),
  (parts, random) => {
    if (parts.headers.length > 0) insertField(parts, random, random.pick(parts.headers));
  },
  (parts, random) => void parts.headers.splice(random.below(parts.headers.length + 1), 1),
  (parts, random) => changeField(parts, random, (name) => `${name}: ${random.pick(VALUES)}`),
  (parts, random) =>
    changeField(
      parts,
      random,
      (name, value) => `${name}${random.pick([' ', '\t', ''])}:${random.pick([' \t', '\t', ''])}${value}`,
    ),
  (parts, random) => {
    parts.method = random.pick(METHODS);
  },
  (parts, random) => {
    parts.version = random.pick(VERSIONS);
  },
  (parts, random) => {
    parts.target = random.pick(FORBIDDEN_TARGETS);
  },
  (parts, random) => {
    const host = parts.headers.find((line) => line.startsWith('Host: '))?.slice(6) ?? 'h';
    parts.target = `${random.pick(['http://', 'HTTP://', 'https://', 'ftp://', 'http:/'])}${random.pick([host, host, 'other'])}${parts.target}`;
  },
  (parts, random) => {
    parts.lineEnd = random.pick(['\n', '\r', '\r\r\n', ' \r\n', '\r\n']);
  },
  fill,
  (parts, random) => {
    // Not what the length says.
    parts.body = random.pick([
      parts.body.slice(1),
      `${parts.body}x`,
      `${parts.body}\r\n`,
      `${parts.body}GET /_matrix/smuggled HTTP/1.1\r\nHost: h\r\n\r\n`,
    ]);
  },
  (parts, random) => {
    parts.method = random.pick(['\r\n', '\n', '\r\n\r\n', ' ', '\0']) + parts.method;
  },
  spoilChunks,
];

export function changeParts(parts: RequestParts, random: SeededRandom, isHarmless: boolean): void {
  random.pick(isHarmless ? HARMLESS : HARMFUL)(parts, random);
}

function insertField(parts: RequestParts, random: SeededRandom, line: string): void {
  parts.headers.splice(random.below(parts.headers.length + 1), 0, line);
}

function changeField(
  parts: RequestParts,
  random: SeededRandom,
  change: (name: string, value: string) => string,
): void {
  const at = random.below(parts.headers.length);
  const [, name, value] = /^([^:]*): ?(.*)$/s.exec(parts.headers[at] ?? '') ?? [];
  if (name !== undefined) parts.headers[at] = change(name, value ?? '');
}

function reorder(parts: RequestParts, random: SeededRandom): void {
  const [moved] = parts.headers.splice(random.below(parts.headers.length), 1);
  if (moved !== undefined) insertField(parts, random, moved);
}

function respell(parts: RequestParts, random: SeededRandom): void {
  const spell = random.pick([
    (name: string) => name.toLowerCase(),
    (name: string) => name.toUpperCase(),
    (name: string) => name.replaceAll(/./g, (c) => (random.chance(50) ? c.toUpperCase() : c.toLowerCase())),
  ]);
  changeField(parts, random, (name, value) => `${spell(name)}: ${value}`);
}

function pad(parts: RequestParts, random: SeededRandom): void {
  changeField(
    parts,
    random,
    (name, value) =>
      `${name}:${random.pick(['', ' ', '  ', '\t', ' \t '])}${value}${random.pick(['', ' ', '\t', '  '])}`,
  );
}

/** Up to one of the limits of a head: its lines, or its bytes. */
function fill(parts: RequestParts, random: SeededRandom): void {
  if (random.chance(50)) {
    const lines = random.pick([99, 100, 101]);
    while (parts.headers.length < lines) parts.headers.push(`X-${parts.headers.length}: f`);
    return;
  }
  const used =
    `${parts.method} ${parts.target} ${parts.version}${parts.headers.join('')}`.length +
    2 * parts.headers.length;
  const limit = random.pick([1_024, 16_384]) + random.below(24) - 16;
  parts.headers.push(`X-Fill: ${'f'.repeat(Math.max(limit - used, 0))}`);
}

const FRAMING = /^(?:content-length|transfer-encoding)[ \t]*:/i;

function setBody(parts: RequestParts, body: string): void {
  parts.headers = parts.headers.filter((line) => !FRAMING.test(line));
  parts.body = body;
  parts.headers.push(`Content-Length: ${body.length}`);
}

function makeChunked(parts: RequestParts, random: SeededRandom): void {
  const body = parts.body === '' ? 'abcdef' : parts.body;
  const pieces: string[] = [];
  for (let at = 0; at < body.length;) {
    const piece = body.slice(at, at + 1 + random.below(40));
    const extension = random.chance(5) ? ';a=b' : '';
    pieces.push(`${piece.length.toString(16)}${extension}\r\n${piece}\r\n`);
    at += piece.length;
  }
  const trailers = random.chance(15) ? `${random.pick(TRAILERS)}\r\n` : '';
  parts.headers = parts.headers.filter((line) => !FRAMING.test(line));
  parts.headers.push('Transfer-Encoding: chunked');
  parts.body = `${pieces.join('')}0\r\n${trailers}\r\n`;
}

function spoilChunks(parts: RequestParts, random: SeededRandom): void {
  makeChunked(parts, random);
  parts.body = `3\r\nabc\r\n${random.pick(CHUNK_SIZES)}\r\nabc\r\n${parts.body}`;
}
