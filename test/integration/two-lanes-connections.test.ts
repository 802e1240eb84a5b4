// A connection over its life: requests in one piece or in many, one behind the other or all at once, its ends on either
// side. Where the spliced lane hands a connection over, nothing is lost and nothing is said twice.

import t from 'tap';

import { compareAll, type NamedCase } from '../harness/lanes/compare.ts';
import type { Step } from '../harness/lanes/client.ts';
import { SETTING_NAMES } from '../harness/lanes/settings.ts';

t.setTimeout(170_000);

const HOST = 'Host: h\r\n';
const SETTLE: Step = { do: 'settle' };
const BREATHE: Step = { do: 'breathe' };
const send = (...texts: readonly string[]): Step => ({ send: texts.join('') });

const get = (target = '/_matrix/x', headers = ''): string =>
  `GET ${target} HTTP/1.1\r\n${HOST}${headers}\r\n`;
const put = `PUT /_matrix/client/v3/sendToDevice/m.x/t HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\n{}`;
const post = `POST /_matrix/x HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`;
const chunked = `POST /_matrix/x HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`;
const preflight = `OPTIONS /_matrix/x HTTP/1.1\r\n${HOST}\r\n`;
const own = get('/health');
const denied = get('/_synapse/admin/x');
const head = `HEAD /_matrix/x HTTP/1.1\r\n${HOST}\r\n`;

function many(count: number, text: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => text(i)).join('');
}

function bytewise(request: string): Step[] {
  return request.split('').flatMap((byte) => [send(byte), BREATHE]);
}

/** What stands for the others at a place where order matters. */
const KINDS: Readonly<Record<string, string>> = {
  get: get(),
  post,
  put,
  chunked,
  preflight,
  own,
  denied,
  head,
};

await t.test('two and three requests of every kind, at once and one after the other', async (t) => {
  const cases = Object.entries(KINDS).flatMap(([one, first]) =>
    Object.entries(KINDS).flatMap(([other, second]): NamedCase[] => [
      { name: `${one} with ${other} behind it`, steps: [send(first, second)] },
      {
        name: `${one}, then ${other}, then ${one}`,
        steps: [send(first), SETTLE, send(second), SETTLE, send(first)],
      },
    ]),
  );
  await compareAll(t, 'plain', cases);
});

await t.test('2 to 20 requests in one write', async (t) => {
  const kinds = Object.values(KINDS);
  const cases = [2, 3, 5, 10, 15, 16, 17, 18, 20].flatMap((count): NamedCase[] => [
    { name: `${count} of GET`, steps: [send(many(count, (i) => get(`/_matrix/${i}`)))] },
    { name: `${count} of preflights`, steps: [send(many(count, () => preflight))] },
    { name: `${count} of mixed kinds`, steps: [send(many(count, (i) => kinds[i % kinds.length] ?? ''))] },
    {
      name: `${count}, the first of which is held`,
      steps: [
        send(
          get('/_matrix/x?answer=never'),
          many(count - 1, () => get()),
        ),
      ],
    },
    {
      name: `${count}, the last of which closes`,
      steps: [
        send(
          many(count - 1, () => get()),
          get('/_matrix/x', 'Connection: close\r\n'),
        ),
      ],
    },
    {
      name: `${count}, the first of which closes`,
      steps: [
        send(
          get('/_matrix/x', 'Connection: close\r\n'),
          many(count - 1, () => get()),
        ),
      ],
    },
    {
      name: `${count} with garbage behind them`,
      steps: [
        send(
          many(count, () => get()),
          'GARBAGE\r\n\r\n',
        ),
      ],
    },
    {
      name: `${count} with half a request behind them`,
      steps: [
        send(
          many(count, () => get()),
          'GET /_matrix/x HTTP/1.1\r\nHo',
        ),
      ],
    },
  ]);
  await compareAll(t, 'plain', cases);
});

await t.test('a request cut at every one of its bytes', async (t) => {
  const text = `POST /_matrix/x?a=b HTTP/1.1\r\n${HOST}X-A: 1\r\nContent-Length: 5\r\n\r\nhello`;
  const once = Array.from({ length: text.length - 1 }, (_, i): NamedCase => ({
    name: `cut at ${i + 1}`,
    steps: [send(text.slice(0, i + 1)), BREATHE, send(text.slice(i + 1))],
  }));
  await compareAll(t, 'plain', [
    ...once,
    { name: 'byte by byte', steps: bytewise(text) },
    { name: 'byte by byte, in chunks', steps: bytewise(chunked) },
    { name: 'byte by byte, behind another', steps: [send(get()), SETTLE, ...bytewise(text)] },
    { name: 'byte by byte, for ourselves', steps: bytewise(own) },
  ]);
});

await t.test('the client ends its side, or breaks off', async (t) => {
  const moments: Readonly<Record<string, readonly Step[]>> = {
    'before anything': [],
    'in the head': [send('GET /_matrix/x HT')],
    'behind the head': [send(get())],
    'when it is answered': [send(get()), SETTLE],
    'in the body': [send(`POST /_matrix/x HTTP/1.1\r\n${HOST}Content-Length: 100\r\n\r\nabc`), SETTLE],
    'in a chunk': [
      send(`POST /_matrix/x HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nab`),
      SETTLE,
    ],
    'in the body of a transaction': [send(put.slice(0, -1)), SETTLE],
    'while it is held': [send(get('/_matrix/x?answer=never')), SETTLE],
    'while the answer stands': [send(get('/_matrix/x?answer=body-held')), SETTLE],
    'behind an early answer': [
      send(`POST /_matrix/x?answer=early HTTP/1.1\r\n${HOST}Content-Length: 100\r\n\r\nabc`),
      SETTLE,
      send('def'),
    ],
    'in the second request': [send(get()), SETTLE, send('GET /_mat')],
    'behind a preflight': [send(preflight), SETTLE],
    'behind our own answer': [send(own), SETTLE],
  };
  for (const setting of ['plain', 'unix'] as const) {
    const cases = Object.entries(moments).flatMap(([moment, steps]): NamedCase[] => [
      { name: `ends ${moment}`, steps: [...steps, { do: 'half-close' }] },
      { name: `breaks off ${moment}`, steps: [...steps, BREATHE, SETTLE, { do: 'reset' }] },
    ]);
    await compareAll(t, setting, cases);
  }
});

await t.test('what Connection says, of HTTP/1.1 and 1.0', async (t) => {
  const values = [
    'close',
    'Close',
    'keep-alive',
    'Keep-Alive',
    'keep-alive, X-A',
    'x-a',
    'X-A, close',
    'upgrade',
    'close, keep-alive',
    'te',
    ',',
  ];
  const cases = values.flatMap((value) =>
    ['1.1', '1.0'].flatMap((version) =>
      ['', 'chunked', 'until-close', '204', '304-length'].map((answer): NamedCase => ({
        name: `${value} on HTTP/${version}, answer ${answer}`,
        steps: [
          send(
            `GET /_matrix/x?answer=${answer} HTTP/${version}\r\n${HOST}X-A: 1\r\nConnection: ${value}\r\n\r\n`,
          ),
          SETTLE,
          send(get('/_matrix/second')),
        ],
      })),
    ),
  );
  await compareAll(t, 'plain', cases);
});

await t.test('offers of another protocol', async (t) => {
  const socket = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n';
  const offers = ['h2c', 'websocket', 'foo'].flatMap((protocol) =>
    ['/_matrix/x', '/nothing', '/health', '/xmpp-websocket'].map((target): NamedCase => ({
      name: `${protocol} at ${target}`,
      steps: [
        send(get(target, `Connection: Upgrade\r\nUpgrade: ${protocol}\r\n${socket}`)),
        SETTLE,
        send(get()),
      ],
    })),
  );
  await compareAll(t, 'plain', offers);
  await compareAll(t, 'services', offers);
});

await t.test('who the client is, by what it and its proxies say', async (t) => {
  const said = [
    'X-Forwarded-For: 192.0.2.7\r\n',
    'X-Forwarded-For: 6.6.6.6, 192.0.2.7\r\nX-Forwarded-For: 10.1.2.3\r\n',
    'X-Forwarded-For: [2001:db8::7]:443\r\nX-Forwarded-Proto: https\r\n',
    'X-Forwarded-For: nobody\r\n',
    'X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: chat.test:443\r\n',
    'X-Forwarded-Proto: HTTPS, http\r\nX-Forwarded-Host: a, b\r\n',
    'X-Forwarded-Host: a b\r\n',
    'Forwarded: for=192.0.2.7;proto=https;host="chat.test:8443"\r\n',
    'Forwarded: for="[2001:db8::7]:1", for=10.0.0.1\r\n',
    'X-Request-Id: outer-1\r\n',
    'X-Request-Id: not good\r\n',
    'X_Forwarded_For: 6.6.6.6\r\nX.Forwarded.For: 6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\n',
    'Connection: X-Forwarded-For, Host, Authorization\r\nAuthorization: Bearer t\r\n',
  ];
  for (const setting of SETTING_NAMES) {
    const cases = said.flatMap((headers): NamedCase[] => [
      { name: headers, steps: [send(get('/_matrix/x', headers))] },
      { name: `${headers} for ourselves`, steps: [send(get('/call-config.json', headers))] },
      {
        name: `${headers} and another behind it`,
        steps: [send(get('/_matrix/x', headers), get('/_matrix/y'))],
      },
    ]);
    await compareAll(t, setting, cases);
  }
});
