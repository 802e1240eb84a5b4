// The registry of errors: what must hold of every code, whatever is added to it.

import t from 'tap';

import { ERRORS, errorEntry, GatewayError, type ErrorCode } from '../../src/errors.ts';

const CODES = Object.keys(ERRORS) as ErrorCode[];

await t.test('a code is an area and a cause', async (t) => {
  for (const code of CODES) t.match(code, /^[A-Z]+(?:_[A-Z]+)+$/, code);
});

await t.test('no code claims what only Synapse may say', async (t) => {
  for (const code of CODES) {
    const { status, errcode } = errorEntry(code);
    // The doors of our own API and the sockets refuse people and pages; none of them stands under /_matrix.
    const isOfDoors = /^(?:IDENTITY_|ORIGIN_|CALL_NOT_IN_ROOM$|PAGE_REFUSED$|RECORDING_NOT_ALLOWED$)/.test(
      code,
    );
    t.ok(isOfDoors || ![401, 403].includes(status), `${code} is no 401 and no 403`);
    t.notMatch(errcode, /TOKEN|FORBIDDEN|UNAUTHORIZED/, `${code} says nothing of anybody's rights`);
  }
});

await t.test('the status and the blame agree', async (t) => {
  for (const code of CODES) {
    const { status, blame, retryAfterSeconds, logLevel } = errorEntry(code);
    if (blame === 'client') t.ok(status < 500 || status === 505, `${code}: the client's fault is a 4xx`);
    if (blame === 'upstream')
      t.ok([502, 503, 504].includes(status), `${code}: Synapse's fault is a 502 to 504`);
    if (blame === 'gateway')
      t.ok(status === 500 || status === 503, `${code}: ours is a 500, or a 503 that passes`);
    t.equal(logLevel === 'error', blame === 'gateway', `${code}: only our own defects are logged as errors`);
    if (retryAfterSeconds !== undefined)
      t.ok(retryAfterSeconds > 0, `${code}: comes back later, not at once`);
  }
});

await t.test('Matrix error codes fit their status', async (t) => {
  const rows: readonly [status: number, errcode: string][] = [
    [404, 'M_UNRECOGNIZED'],
    [405, 'M_UNRECOGNIZED'],
    [413, 'M_TOO_LARGE'],
    [429, 'M_LIMIT_EXCEEDED'],
    [502, 'M_UNKNOWN'],
    [503, 'M_UNKNOWN'],
    [504, 'M_UNKNOWN'],
  ];
  for (const [status, errcode] of rows) {
    const entries = CODES.map((code) => errorEntry(code)).filter((entry) => entry.status === status);
    t.ok(entries.length > 0, `there is a ${status}`);
    for (const entry of entries) t.equal(entry.errcode, errcode, `${status}: ${entry.text}`);
  }
});

await t.test('what is denied cannot be told from what is not there', async (t) => {
  const [denied, missing] = [errorEntry('ROUTE_DENIED'), errorEntry('ROUTE_NOT_FOUND')];
  t.same([denied.status, denied.errcode, denied.text], [missing.status, missing.errcode, missing.text]);
});

await t.test('whatever leaves the rest of a connection in doubt ends it', async (t) => {
  for (const code of CODES.filter((name) => name.startsWith('REQUEST_'))) {
    t.equal(errorEntry(code).closes, true, code);
  }
  t.equal(errorEntry('BODY_TOO_LARGE').closes, true, 'BODY_TOO_LARGE');
});

await t.test('an error carries its code, and its cause for the log only', async (t) => {
  const cause = new Error('inner');
  const error = new GatewayError('UPSTREAM_FAILED', cause);
  t.equal(error.code, 'UPSTREAM_FAILED', 'code');
  t.equal(error.cause, cause, 'cause');
  t.notMatch(error.message, /inner/, 'a message without the inner one');
});
