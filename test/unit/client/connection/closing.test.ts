// What is done about each end of a connection, and that it is what the protocol says of each close code.

import t from 'tap';

import { outcomeOf, type Outcome } from '../../../../client/connection/closing.ts';
import { CLOSE_CODES, FINAL_CLOSE_CODES } from '../../../../src/protocol/close-codes.ts';

const closed = (closeCode: number, more: Readonly<Record<string, unknown>> = {}): Outcome =>
  outcomeOf({ closeCode, reason: '', refusal: undefined, wasRegistered: true, ...more });

await t.test('who is refused for good stays away, whoever is not comes back', async (t) => {
  for (const code of [...Object.values(CLOSE_CODES), 1000, 1001, 1002, 1005, 1006, 1007, 1008, 1011, 4999])
    t.equal(closed(code).next !== 'retry', FINAL_CLOSE_CODES.has(code), String(code));
});

await t.test('each has a code of its own, and says it in words', async (t) => {
  const codes: readonly (readonly [number, string])[] = [
    [1006, 'SOCKET_LOST'],
    [CLOSE_CODES.tooBig, 'SOCKET_LOST'],
    [CLOSE_CODES.notRegistered, 'SOCKET_LOST'],
    [CLOSE_CODES.tooSlow, 'SOCKET_LOST'],
    [CLOSE_CODES.comeBack, 'SERVER_RESTARTS'],
    [CLOSE_CODES.tryLater, 'SERVER_BUSY'],
    [CLOSE_CODES.rateExceeded, 'SERVER_BUSY'],
    [CLOSE_CODES.replaced, 'REPLACED'],
    [CLOSE_CODES.badFrame, 'CLOSED_FOR_GOOD'],
    [CLOSE_CODES.notFound, 'CLOSED_FOR_GOOD'],
    [CLOSE_CODES.identityRefused, 'IDENTITY_UNKNOWN_TOKEN'],
  ];
  for (const [closeCode, code] of codes) {
    const outcome = closed(closeCode);
    t.match(outcome, { code, closeCode, message: /^[A-Z].*\.$/ }, String(closeCode));
  }
  t.match(closed(1006, { wasRegistered: false }), { code: 'SOCKET_FAILED', message: /origin/ });
  t.match(closed(1011, { wasRegistered: false, reason: 'a defect' }), {
    code: 'SOCKET_FAILED',
    message: 'a defect',
  });
});

await t.test('what the server said itself is passed on', async (t) => {
  const refusal = { code: 'IDENTITY_MISMATCH', message: 'The access token is that of another user' };
  const outcome = closed(CLOSE_CODES.identityRefused, { refusal, reason: 'clipped' });
  t.match(outcome, { ...refusal, next: 'new-token' });
  t.equal(
    closed(CLOSE_CODES.tryLater, { reason: 'The homeserver is away' }).message,
    'The homeserver is away',
  );
});

await t.test('nobody comes back at the same moment, or too early', async (t) => {
  t.match(closed(CLOSE_CODES.comeBack), { withinMs: 2_000, atLeastMs: undefined });
  t.match(closed(CLOSE_CODES.tryLater), { withinMs: undefined, atLeastMs: 5_000 });
  t.match(closed(CLOSE_CODES.rateExceeded), { withinMs: undefined, atLeastMs: 5_000 });
  t.match(closed(1006), { withinMs: undefined, atLeastMs: undefined });
});

await t.test('what never became a connection is tried again', async (t) => {
  const fault = { code: 'CONFIG_UNREACHABLE', message: 'Not there.' };
  t.strictSame(outcomeOf({ fault }), { next: 'retry', ...fault });
});
