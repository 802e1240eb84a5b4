// Frames as they are read and written, and what is remembered of a session.

import t from 'tap';

import { readFrame, registerFrame } from '../../../../client/connection/frames.ts';
import { SessionMemory } from '../../../../client/connection/session.ts';

await t.test('what is no frame is passed over', async (t) => {
  t.match(readFrame('{"type":"pong"}'), { type: 'pong' });
  for (const text of ['', 'null', '7', '[]', '{}', '{"type":7}', '"type"', '{"type":"pong"'])
    t.equal(readFrame(text), undefined, text);
});

await t.test('the register frame', async (t) => {
  t.strictSame(JSON.parse(registerFrame('token', undefined, undefined)), {
    type: 'register-user',
    id: 0,
    accessToken: 'token',
    caps: ['call-ringing', 'peer-reconnecting', 'ice-servers-updated', 'recording'],
  });
  t.match(JSON.parse(registerFrame('token', 'PHONE', { token: 'r', seq: 4 })), {
    deviceId: 'PHONE',
    resume: { token: 'r', seq: 4 },
  });
});

await t.test('a session is resumed from its last message', async (t) => {
  const session = new SessionMemory();
  t.equal(session.resume, undefined);
  t.equal(session.registered({ type: 'registered', sessionId: 'a', resumeToken: 'r' }), false, 'the first');
  t.strictSame(session.resume, { token: 'r', seq: 0 });
  t.ok(session.isNews({ type: 'call-ringing', seq: 1 }));
  t.ok(session.isNews({ type: 'call-answered', seq: 2 }));
  t.notOk(session.isNews({ type: 'call-answered', seq: 2 }), 'twice');
  t.notOk(session.isNews({ type: 'call-ringing', seq: 1 }), 'late');
  t.ok(session.isNews({ type: 'something' }), 'without a number');
  t.strictSame(session.resume, { token: 'r', seq: 2 });
  t.equal(session.registered({ type: 'registered', sessionId: 'a', resumeToken: 'r' }), false, 'the same');
  t.strictSame(session.resume, { token: 'r', seq: 2 });
});

await t.test('a new session begins at 1', async (t) => {
  const session = new SessionMemory();
  session.registered({ type: 'registered', sessionId: 'a', resumeToken: 'r' });
  session.isNews({ type: 'call-ringing', seq: 9 });
  t.equal(session.registered({ type: 'registered', sessionId: 'b', resumeToken: 's' }), true);
  t.strictSame(session.resume, { token: 's', seq: 0 });
  t.ok(session.isNews({ type: 'call-ringing', seq: 1 }));
});
