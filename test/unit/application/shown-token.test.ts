// Where a page may show its token, and that two different ones are none.

import t from 'tap';

import { shownToken } from '../../../src/application/shown-token.ts';
import { headOf } from '../../harness/heads.ts';

await t.test('a token stands in Authorization, in a subprotocol or in the query', async (t) => {
  const rows: readonly [headers: readonly string[], query: string, token: string | undefined][] = [
    [[], '', undefined],
    [['Authorization', 'Bearer a.b.c'], '', 'a.b.c'],
    [['Authorization', 'Basic a'], '', undefined],
    [['Authorization', 'Basic a'], '?token=b', 'b'],
    [['Sec-WebSocket-Protocol', 'access_token.a.b.c'], '', 'a.b.c'],
    [['Sec-WebSocket-Protocol', 'chat, access_token.a.b.c'], '', 'a.b.c'],
    [['sec-websocket-protocol', 'chat', 'sec-websocket-protocol', 'access_token.a'], '', 'a'],
    [['Sec-WebSocket-Protocol', 'access_token.'], '', undefined],
    [['Sec-WebSocket-Protocol', 'chat'], '', undefined],
    [[], '?token=a', 'a'],
    [[], '?access_token=a', 'a'],
    [[], '?jwt=a', 'a'],
    [[], '?x=1&jwt=a%2Eb', 'a.b'],
    [[], '?token=', undefined],
    [[], '?Token=a', undefined],
    [['Authorization', 'Bearer a'], '?token=a', 'a'],
    [['Authorization', 'Bearer a'], '?token=b', undefined],
    [['Sec-WebSocket-Protocol', 'access_token.a'], '?jwt=b', undefined],
    [[], '?token=a&token=b', undefined],
    [[], '?token=a&jwt=b', undefined],
  ];
  for (const [headers, query, token] of rows) {
    const head = headOf({ target: `/ws/7/tutor${query}`, headers: [...headers] });
    t.equal(shownToken(head), token, `${headers.join(': ')} ${query}`);
  }
});
