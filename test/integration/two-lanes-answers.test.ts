// Whatever Synapse answers, in whichever framing and however broken: a client cannot tell by which lane it came.

import t from 'tap';

import { ANSWER_NAMES } from '../harness/lanes/answers.ts';
import { compareAll, type NamedCase } from '../harness/lanes/compare.ts';

t.setTimeout(120_000);

const REQUESTS: Readonly<Record<string, readonly [line: string, rest: string]>> = {
  GET: ['GET /_matrix/x', 'HTTP/1.1\r\nHost: h\r\n\r\n'],
  HEAD: ['HEAD /_matrix/x', 'HTTP/1.1\r\nHost: h\r\n\r\n'],
  POST: ['POST /_matrix/x', 'HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc'],
  'POST of which half has come': ['POST /_matrix/x', 'HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc'],
  'PUT with a transaction id': [
    'PUT /_matrix/client/v3/sendToDevice/m.x/txn1',
    'HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}',
  ],
  'DELETE that closes': ['DELETE /_matrix/x', 'HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'],
  'GET of HTTP/1.0': ['GET /_matrix/x', 'HTTP/1.0\r\nHost: h\r\n\r\n'],
  'GET of HTTP/1.0 that is kept': ['GET /_matrix/x', 'HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n'],
};

for (const [kind, [line, rest]] of Object.entries(REQUESTS)) {
  await t.test(`every answer, to a ${kind}`, async (t) => {
    const cases = ANSWER_NAMES.map((name): NamedCase => ({
      name,
      steps: [{ send: `${line}?answer=${name} ${rest}` }],
    }));
    await compareAll(t, 'plain', cases);
  });
}

await t.test('every answer on a connection that was used before, and to the request behind it', async (t) => {
  const cases = ANSWER_NAMES.map((name): NamedCase => ({
    name,
    isWarm: true,
    steps: [
      { send: `GET /_matrix/x?answer=${name} HTTP/1.1\r\nHost: h\r\n\r\n` },
      { do: 'settle' },
      { send: 'GET /_matrix/y HTTP/1.1\r\nHost: h\r\n\r\n' },
    ],
  }));
  await compareAll(t, 'plain', cases);
});

await t.test('a connection that was lost while it was idle: who is asked again', async (t) => {
  const lines = [
    ['GET /_matrix/x', ''],
    ['HEAD /_matrix/x', ''],
    ['PUT /_matrix/client/v3/rooms/!r:h/send/m.room.message/txn1', '{"body":"x"}'],
    ['PUT /_matrix/federation/v1/send/1', '{}'],
    ['PUT /_matrix/client/v3/rooms/!r:h/state/m.room.topic/', '{}'],
    ['POST /_matrix/client/v3/createRoom', '{}'],
    ['DELETE /_matrix/client/v3/devices/D', ''],
    ['OPTIONS /_synapse/client/x', ''],
  ] as const;
  const cases = lines.flatMap(([line, body]) =>
    ['lost-if-reused', 'reset-if-reused', 'nothing', 'nothing-reset', 'head-broken'].map(
      (name): NamedCase => {
        const [method = ''] = line.split(' ');
        const length = body === '' ? '' : `Content-Length: ${body.length}\r\n`;
        const warm = method === 'HEAD' ? 'HEAD' : 'GET';
        return {
          name: `${line}: ${name}`,
          steps: [
            { send: `${warm} /_matrix/first HTTP/1.1\r\nHost: h\r\n\r\n` },
            { do: 'settle' },
            { send: `${line}?answer=${name} HTTP/1.1\r\nHost: h\r\n${length}\r\n${body}` },
          ],
        };
      },
    ),
  );
  await compareAll(t, 'plain', cases);
});
