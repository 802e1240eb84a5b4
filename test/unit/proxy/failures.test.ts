// What the errors of the HTTP client mean, by where the attempt stood, and which code each gets.

import { inspect } from 'node:util';

import t from 'tap';

import { errorEntry } from '../../../src/errors.ts';
import { classifyFailure, FAILURE_CODES, type FailureKind } from '../../../src/proxy/failures.ts';

/** Where an attempt stood when its error came. */
const UNSENT = { wasSent: false, hadServedBefore: false };
const FRESH = { wasSent: true, hadServedBefore: false };
const REUSED = { wasSent: true, hadServedBefore: true };

function failure(code: unknown): Error {
  return Object.assign(new Error('inner message'), { code });
}

await t.test(
  'what failed before a connection took the request is unreachable, whatever its error',
  async (t) => {
    const codes: unknown[] = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'];
    codes.push('EADDRNOTAVAIL', 'EACCES', 'ENOENT', 'ECONNRESET', 'EPIPE', 'UND_ERR_CONNECT_TIMEOUT');
    codes.push(
      'UND_ERR_SOCKET',
      'UND_ERR_HEADERS_TIMEOUT',
      'UND_ERR_BODY_TIMEOUT',
      undefined,
      42,
      'constructor',
    );
    codes.push('ERR_TLS_CERT_ALTNAME_INVALID', 'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT');
    codes.push('SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CERT_NOT_YET_VALID');
    codes.push(
      'ERR_TLS_HANDSHAKE_TIMEOUT',
      'ERR_SSL_WRONG_VERSION_NUMBER',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    );
    for (const code of codes) {
      t.equal(classifyFailure({ error: failure(code), ...UNSENT }), 'unreachable', String(code));
    }
  },
);

await t.test('a host whose addresses all refused is unreachable', async (t) => {
  const refusals = [failure('ECONNREFUSED'), failure('ECONNREFUSED')];
  const error = Object.assign(new AggregateError(refusals), { code: 'ECONNREFUSED' });
  t.equal(classifyFailure({ error, ...UNSENT }), 'unreachable');
});

await t.test(
  'what failed afterwards depends on its code and on what its connection had served',
  async (t) => {
    const rows: readonly [code: unknown, fresh: FailureKind, reused: FailureKind][] = [
      ['UND_ERR_HEADERS_TIMEOUT', 'timeout', 'timeout'],
      ['UND_ERR_BODY_TIMEOUT', 'timeout', 'timeout'],
      ['ECONNRESET', 'broken', 'reused-connection-lost'],
      ['EPIPE', 'broken', 'reused-connection-lost'],
      ['UND_ERR_SOCKET', 'broken', 'reused-connection-lost'],
      ['ECONNREFUSED', 'broken', 'broken'],
      ['CERT_HAS_EXPIRED', 'broken', 'broken'],
      ['HPE_INVALID_CONSTANT', 'broken', 'broken'],
      ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'broken', 'broken'],
      ['UND_ERR_HEADERS_OVERFLOW', 'broken', 'broken'],
      [undefined, 'broken', 'broken'],
      [42, 'broken', 'broken'],
      ['constructor', 'broken', 'broken'],
    ];
    for (const [code, fresh, reused] of rows) {
      const error = failure(code);
      t.equal(classifyFailure({ error, ...FRESH }), fresh, `${String(code)} on a new connection`);
      t.equal(classifyFailure({ error, ...REUSED }), reused, `${String(code)} on one that had served`);
    }
  },
);

await t.test('a request that the HTTP client refuses is our own mistake, wherever it stood', async (t) => {
  for (const code of ['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED']) {
    for (const stood of [UNSENT, FRESH, REUSED]) {
      t.equal(
        classifyFailure({ error: failure(code), ...stood }),
        'unsendable',
        `${code}, ${inspect(stood)}`,
      );
    }
  }
});

await t.test('whatever else is thrown is a failure without a kind of its own', async (t) => {
  for (const thrown of [
    undefined,
    null,
    'ECONNREFUSED',
    7,
    {},
    { code: 'ECONNREFUSED' },
    new TypeError('x'),
  ]) {
    t.equal(classifyFailure({ error: thrown, ...REUSED }), 'broken', inspect(thrown));
    t.equal(classifyFailure({ error: thrown, ...UNSENT }), 'unreachable', `${inspect(thrown)}, unsent`);
  }
});

await t.test('every kind has its code', async (t) => {
  t.same(FAILURE_CODES, {
    unreachable: 'UPSTREAM_UNREACHABLE',
    'reused-connection-lost': 'UPSTREAM_FAILED',
    timeout: 'UPSTREAM_TIMEOUT',
    unsendable: 'GATEWAY_FAILED',
    broken: 'UPSTREAM_FAILED',
  });
});

await t.test(
  "what is the upstream's fault can be tried again; what is ours is not blamed on it",
  async (t) => {
    for (const [kind, code] of Object.entries(FAILURE_CODES)) {
      const isOurs = kind === 'unsendable';
      const entry = errorEntry(code);
      t.equal(entry.blame, isOurs ? 'gateway' : 'upstream', `${kind}: whose fault it is`);
      t.equal(entry.retryAfterSeconds === undefined, isOurs, `${kind}: whether to try again`);
      t.equal(entry.closes === true, isOurs, `${kind}: whether the client's connection ends`);
    }
  },
);
