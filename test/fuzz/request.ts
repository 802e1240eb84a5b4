// A request in parts, so that it can be changed where it means something before it becomes bytes; and the ordinary ones
// that the changes begin with. Data and text only.

import { readFileSync } from 'node:fs';

export interface RequestParts {
  method: string;
  target: string;
  version: string;
  /** Whole lines without their end. */
  headers: string[];
  body: string;
  /** What ends each line of the head. */
  lineEnd: string;
}

const corpus = (name: string): readonly string[] =>
  readFileSync(new URL(`../corpus/${name}`, import.meta.url), 'latin1')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('# '));

export const TARGETS: readonly string[] = corpus('targets.txt');
export const FORBIDDEN_TARGETS: readonly string[] = corpus('forbidden-targets.txt');

const BROWSER = [
  'Host: chat.example.org',
  'Connection: keep-alive',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Accept: application/json',
  'Accept-Language: de,en-US;q=0.7,en;q=0.3',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Authorization: Bearer syt_YWxpY2U_abcdefghijklmnopqrst_012345',
  'Origin: https://app.element.io',
  'Sec-Fetch-Mode: cors',
];
const PROGRAM = [
  'Host: 127.0.0.1:8008',
  'User-Agent: python-requests/2.32',
  'Accept-Encoding: gzip',
  'Accept: */*',
];
const SERVER = [
  'User-Agent: Synapse/1.140.0',
  'Authorization: X-Matrix origin="a.test",key="ed25519:a_b",sig="AbC+/=",destination="b.test"',
  'Host: b.test:8448',
];

function request(line: string, headers: readonly string[], body = ''): RequestParts {
  const [method = '', target = '', version = 'HTTP/1.1'] = line.split(' ');
  const framing = body === '' ? [] : [`Content-Length: ${body.length}`, 'Content-Type: application/json'];
  return { method, target, version, headers: [...headers, ...framing], body, lineEnd: '\r\n' };
}

const EVENT = '{"msgtype":"m.text","body":"hello"}';
const ROOM = '/_matrix/client/v3/rooms/!r:b.test';

/** What clients and servers send all day. */
const ORDINARY: readonly RequestParts[] = [
  request('GET /_matrix/client/v3/sync?timeout=30000&since=s1_2_3', BROWSER),
  request('GET /_matrix/client/versions', BROWSER),
  request('GET /_matrix/client/v3/account/whoami', PROGRAM),
  request('HEAD /_matrix/client/versions', PROGRAM),
  request(`PUT ${ROOM}/send/m.room.message/m1700000000000.1`, BROWSER, EVENT),
  request(`PUT ${ROOM}/state/m.room.topic/`, BROWSER, '{"topic":"x"}'),
  request(`POST ${ROOM}/read_markers`, BROWSER, '{}'),
  request(`GET ${ROOM}/messages?dir=b&limit=30`, BROWSER),
  request('POST /_matrix/client/v3/keys/query', PROGRAM, '{"device_keys":{"@a:b.test":[]}}'),
  request('POST /_matrix/media/v3/upload?filename=a.png', BROWSER, `\x89PNG\r\n\x1a\n${'\0\xff'.repeat(20)}`),
  request('GET /_matrix/client/v1/media/download/b.test/abc', BROWSER),
  request('DELETE /_matrix/client/v3/devices/D', PROGRAM),
  request('DELETE /_matrix/client/v3/room_keys/version/1', PROGRAM, '{}'),
  request('PUT /_matrix/federation/v1/send/17', SERVER, '{"pdus":[]}'),
  request('GET /_matrix/key/v2/server', SERVER),
  request('GET /_matrix/client/versions', ['Host: h']),
  request('GET /_matrix/client/versions HTTP/1.0', []),
  request('POST /_matrix/client/v3/login HTTP/1.0', ['Host: h'], '{}'),
  request('GET /_synapse/client/oidc/callback?code=a&state=b', BROWSER),
];

/** What the gateway answers itself, or refuses. */
const OWN: readonly RequestParts[] = [
  request('OPTIONS /_matrix/client/v3/sync', [...BROWSER, 'Access-Control-Request-Method: GET']),
  request('GET /health', ['Host: h']),
  request('GET /call-config.json', BROWSER),
  request('GET /.well-known/matrix/client', BROWSER),
  request('POST /api/calls/initiate', BROWSER, '{"a":1}'),
  request('GET /_synapse/admin/v2/users', PROGRAM),
  request('GET /_synapse/metrics', PROGRAM),
  request('GET /r/x/y?z', PROGRAM),
  request('POST /r/x', PROGRAM, '<body/>'),
  request('GET /nothing', PROGRAM),
  request('OPTIONS *', ['Host: h']),
];

export function ordinaryRequest(pick: <T>(items: readonly T[]) => T, isOwn: boolean): RequestParts {
  const chosen = pick(isOwn ? OWN : ORDINARY);
  return { ...chosen, headers: [...chosen.headers] };
}

export function render({ method, target, version, headers, body, lineEnd }: RequestParts): string {
  return [`${method} ${target} ${version}`, ...headers, '', body].join(lineEnd);
}
