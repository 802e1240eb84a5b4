// The answer to a preflight: no content, the CORS fields of the path, and a connection that goes on.

import t from 'tap';

import { preflightHeaders } from '../../../src/http/cors.ts';
import { preflightAnswer } from '../../../src/http/preflight.ts';

await t.test('a preflight is answered without content, with the fields of its path', async (t) => {
  for (const path of ['/_matrix/client/v3/login', '/api/calls', '/_matrix/client/unstable/rendezvous', '*']) {
    const { body, ...answer } = preflightAnswer(path);
    t.same(answer, { status: 204, headers: preflightHeaders(path), closes: false }, path);
    t.equal(body.length, 0, 'no body');
  }
});
