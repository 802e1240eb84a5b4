// Which requests are sent a second time, after which failures.

import t from 'tap';

import type { FailureKind } from '../../../src/proxy/failures.ts';
import { isTransactional, keepsBodyForReplay, MAX_REPLAY_BYTES, mayRetry } from '../../../src/proxy/retry.ts';
import { headOf } from '../../harness/heads.ts';

const ROOM = '/_matrix/client/v3/rooms/!a%3Ab';
const LOST: FailureKind = 'reused-connection-lost';

await t.test('only a lost kept-alive connection is worth a second sending', async (t) => {
  const rows: readonly [failure: FailureKind, again: boolean][] = [
    [LOST, true],
    ['unreachable', false],
    ['timeout', false],
    ['unsendable', false],
    ['broken', false],
  ];
  for (const [failure, again] of rows) t.equal(mayRetry(headOf(), failure, true), again, failure);
});

await t.test('what Synapse may have done already is never asked twice, unless it would notice', async (t) => {
  const rows: readonly [method: string, target: string, again: boolean][] = [
    ['GET', '/_matrix/client/v3/sync', true],
    ['HEAD', '/_matrix/media/v3/download/a/b', true],
    ['POST', '/_matrix/client/v3/createRoom', false],
    ['POST', `${ROOM}/send/m.room.message/1`, false],
    ['DELETE', '/_matrix/client/v3/devices/A', false],
    ['PATCH', '/_matrix/client/v3/x', false],
    ['OPTIONS', '/_matrix/client/v3/x', false],
    ['PUT', `${ROOM}/send/m.room.message/1`, true],
    ['PUT', `${ROOM}/send/m.room.message/1?x=1`, true],
    ['PUT', '/_matrix/client/r0/rooms/!a:b/send/m.room.message/m1%2F2', true],
    ['PUT', '/_matrix/client/unstable/rooms/!a:b/send/m.room.message/m1', true],
    ['PUT', `${ROOM}/redact/%24e/1`, true],
    ['PUT', '/_matrix/client/v3/sendToDevice/m.room.encrypted/1', true],
    ['PUT', '/_matrix/federation/v1/send/1', true],
    ['PUT', `${ROOM}/send/m.room.message/`, false],
    ['PUT', `${ROOM}/send/m.room.message`, false],
    ['PUT', `${ROOM}/send/m.room.message/1/2`, false],
    ['PUT', `${ROOM}/state/m.room.name/`, false],
    ['PUT', `${ROOM}/state/m.room.name/key`, false],
    ['PUT', '/_matrix/client/v3/pushrules/global/content/x', false],
    ['PUT', '/_matrix/client/v3/profile/%40a%3Ab/displayname', false],
    ['PUT', '/_matrix/federation/v2/send_join/!a:b/%24e', false],
    ['PUT', '/_matrix/federation/v2/invite/!a:b/%24e', false],
    ['PUT', '/x/_matrix/federation/v1/send/1', false],
  ];
  for (const [method, target, again] of rows) {
    const head = headOf({ method, target });
    t.equal(mayRetry(head, LOST, true), again, `${method} ${target}`);
    t.equal(mayRetry(head, LOST, false), false, `${method} ${target} never without its body`);
    t.equal(isTransactional(head), method === 'PUT' && again, `${method} ${target} has a transaction id`);
  }
});

await t.test(
  'a body is kept for a second sending only where there may be one, and only if small',
  async (t) => {
    const put = { method: 'PUT', target: `${ROOM}/send/m.room.message/1` };
    const rows: readonly [head: Parameters<typeof headOf>[0], kept: boolean, why: string][] = [
      [{ ...put, headers: ['Content-Length', '2'] }, true, 'an event'],
      [{ ...put, headers: ['Content-Length', String(MAX_REPLAY_BYTES)] }, true, 'the largest event'],
      [{ ...put, headers: ['Content-Length', String(MAX_REPLAY_BYTES + 1)] }, false, 'larger than any event'],
      [{ ...put, headers: ['Transfer-Encoding', 'chunked'] }, false, 'of unknown length'],
      [put, false, 'none'],
      [{ ...put, method: 'POST', headers: ['Content-Length', '2'] }, false, 'of a POST'],
      [{ method: 'PUT', headers: ['Content-Length', '2'] }, false, 'of another PUT'],
    ];
    for (const [head, kept, why] of rows) t.equal(keepsBodyForReplay(headOf(head)), kept, why);
  },
);
