// The comparison of the two lanes is only worth what it sees: everything that a client, Synapse or an operator could
// notice is a difference, and what is bound to differ is none.

import t from 'tap';

import { differenceOf } from '../../harness/lanes/difference.ts';
import type { ReceivedRequest } from '../../harness/lanes/origin.ts';
import { observe, readAnswers, type Observation, type Seen } from '../../harness/lanes/transcript.ts';

const ID = '0123456789abcdef';
const OTHER_ID = 'fedcba9876543210';
const SENT = 'GET /_matrix/x HTTP/1.1\r\nHost: h\r\n\r\n';
const ANSWER = 'HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nok';

const requestWith = (id: string, more: Partial<ReceivedRequest> = {}): ReceivedRequest => ({
  head: `GET /_matrix/x HTTP/1.1\r\nhost: h\r\nX-Request-Id: ${id}`,
  body: '',
  isWhole: true,
  isAnsweredEarly: false,
  ...more,
});

const lineWith = (id: string, more: object = {}): Record<string, unknown> => ({
  level: 30,
  msg: 'request',
  request_id: id,
  status: 200,
  ended_by: 'complete',
  received_bytes: 40,
  sent_bytes: 60,
  first_byte_ms: 1,
  duration_ms: 2,
  time: 3,
  ...more,
});

function seenAs(
  more: Partial<Seen> = {},
  text = ANSWER,
  end: Seen['conversation']['end'] = 'open',
): Observation {
  return observe({
    sent: SENT,
    conversation: { text, end },
    requests: [requestWith(ID)],
    held: 0,
    logged: [lineWith(ID)],
    masks: [['127.0.0.1:1', 'GATEWAY']],
    ...more,
  });
}

const PLAIN = seenAs();

await t.test('what is bound to differ is no difference', async (t) => {
  const same: Readonly<Record<string, Observation>> = {
    'the id of the request': seenAs({ requests: [requestWith(OTHER_ID)], logged: [lineWith(OTHER_ID)] }),
    times: seenAs({ logged: [lineWith(ID, { first_byte_ms: 7, duration_ms: 8, time: 9 })] }),
  };
  for (const [name, other] of Object.entries(same)) t.equal(differenceOf(PLAIN, other), undefined, name);

  const dated = (date: string): Observation =>
    seenAs({}, `HTTP/1.1 204 No Content\r\nDate: ${date}\r\nVary: a\r\n\r\n`);
  const [one, other] = [dated('Sat, 21 Nov 2026 20:00:00 GMT'), dated('Sun, 22 Nov 2026 21:11:11 GMT')];
  t.equal(differenceOf(one, other), undefined, 'the date');

  const chunks = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  const cut = seenAs({}, `${chunks}2\r\nab\r\n1\r\nc\r\n0\r\n\r\n`);
  t.equal(differenceOf(cut, seenAs({}, `${chunks}3\r\nabc\r\n0\r\n\r\n`)), undefined, 'how chunks are cut');
  t.equal(
    differenceOf(seenAs({}, ANSWER, 'ended'), seenAs({}, ANSWER, 'reset')),
    undefined,
    'a reset behind a whole answer',
  );
});

await t.test('what anybody could notice is a difference', async (t) => {
  const different: Readonly<Record<string, Observation>> = {
    'a status': seenAs({}, ANSWER.replace('200', '201')),
    'a reason': seenAs({}, ANSWER.replace('OK', 'Ok')),
    'the spelling of a field': seenAs({}, ANSWER.replace('X-A', 'x-a')),
    'a blank': seenAs({}, ANSWER.replace('X-A: 1', 'X-A:  1')),
    'one more field': seenAs({}, ANSWER.replace('X-A: 1', 'X-A: 1\r\nX-B: 2')),
    'the order of fields': seenAs({}, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\n\r\nok'),
    'a byte of the body': seenAs({}, ANSWER.replace('ok', 'oK')),
    'chunks in place of a length': seenAs(
      {},
      'HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    ),
    'half a body': seenAs({}, ANSWER.slice(0, -1)),
    'no answer': seenAs({}, ''),
    'a second answer': seenAs({}, ANSWER + ANSWER),
    'bytes behind the answer': seenAs({}, `${ANSWER}x`),
    'the end of the connection': seenAs({}, ANSWER, 'ended'),
    'a request that was not sent': seenAs({ requests: [] }),
    'a request that was sent twice': seenAs({ requests: [requestWith(ID), requestWith(ID)] }),
    'a byte of the request': seenAs({ requests: [requestWith(ID, { head: `${requestWith(ID).head} ` })] }),
    'a body': seenAs({ requests: [requestWith(ID, { body: 'x' })] }),
    'a request that is not whole': seenAs({ requests: [requestWith(ID, { isWhole: false })] }),
    'an id that is not the one in the log': seenAs({ logged: [lineWith(OTHER_ID)] }),
    'a request that is left waiting': seenAs({ held: 1 }),
    'whose doing it was': seenAs({ logged: [lineWith(ID, { ended_by: 'client' })] }),
    'a log line more': seenAs({ logged: [lineWith(ID), lineWith(OTHER_ID)] }),
    'bytes that are charged': seenAs({ logged: [lineWith(ID, { received_bytes: 41 })] }),
    'no first byte': seenAs({ logged: [lineWith(ID, { first_byte_ms: undefined })] }),
  };
  for (const [name, other] of Object.entries(different)) {
    t.not(differenceOf(PLAIN, other), undefined, name);
    t.not(differenceOf(other, PLAIN), undefined, `${name}, the other way round`);
  }
});

const half = (body: string): ReceivedRequest => requestWith(ID, { body, isWhole: false });

await t.test('of a request that was broken off, how far it came is a matter of time', async (t) => {
  const [none, short, long] = [
    seenAs({ requests: [] }),
    seenAs({ requests: [half('a')] }),
    seenAs({ requests: [half('ab')] }),
  ];
  t.equal(differenceOf(short, long), undefined, 'how much had come');
  t.equal(differenceOf(none, long), undefined, 'that it had not begun');
  t.equal(differenceOf(long, none), undefined, 'in either lane');
  t.not(differenceOf(short, seenAs({ requests: [half('b')] })), undefined, 'but not other bytes');

  const early = (body: string, isWhole: boolean): Observation =>
    seenAs({ requests: [requestWith(ID, { body, isWhole, isAnsweredEarly: true })] });
  t.equal(differenceOf(early('ab', true), early('a', false)), undefined, 'nor how much an early answer left');
  t.not(differenceOf(early('ab', true), early('b', false)), undefined, 'but not other bytes');

  const head = `PUT /_matrix/federation/v1/send/1 HTTP/1.1\r\nContent-Length: 9\r\nX-Request-Id: ${ID}`;
  const keptBack = seenAs({ requests: [requestWith(ID, { head, isWhole: false })] });
  t.not(differenceOf(none, keptBack), undefined, 'nor one that is to be kept back until it is whole');
  t.not(differenceOf(keptBack, none), undefined, 'in either lane');
});

await t.test('answers are told apart by their framing', async (t) => {
  const text = `HTTP/1.1 100 Continue\r\n\r\n${ANSWER}HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\n\r\nrest`;
  t.match(readAnswers(text), [
    { head: 'HTTP/1.1 100 Continue', body: '', isWhole: true },
    { body: 'ok', isWhole: true },
    { body: '', isWhole: true },
    { head: 'HTTP/1.1 200 OK', body: 'rest', isWhole: false },
  ]);
  const toHead = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n';
  t.equal(readAnswers(toHead + ANSWER).length, 2, 'the answer to a HEAD has no body');
});
