// The application that signs tokens: real keys of every kind, a real endpoint that publishes them, and tokens that are
// old, foreign, unsigned, or signed with what everybody knows.

import { generateKeyPairSync, type KeyObject } from 'node:crypto';

import { SignJWT, UnsecuredJWT, exportJWK, type JWTPayload } from 'jose';
import t, { type Test } from 'tap';

import type { Application, Judged, ProfileSubject } from '../../../src/application/application.ts';
import { judgeProfileClaims } from '../../../src/application/claims.ts';
import { createJwtApplication, type JwksLimits } from '../../../src/application/jwt.ts';
import { publicKey } from '../../../src/config/kinds/public-key.ts';
import type { JwtConfig } from '../../../src/config/sections/page-auth.ts';
import { TestClock } from '../../harness/test-clock.ts';
import { until } from '../../harness/until.ts';
import { handshake, logOf, NOTHING, serve, TUTOR } from './handshakes.ts';

const NAMES = {
  profileId: 'profile_id',
  profileType: 'profile_type',
  userId: 'matrix_user_id',
  name: 'name',
  avatar: 'avatar',
};
const NO_KEY: JwtConfig = {
  secret: undefined,
  publicKey: undefined,
  jwksUrl: undefined,
  issuer: undefined,
  audience: undefined,
};
const SECRET = 'a secret of at least thirty-two bytes';
const NOW = 1_700_000_000;
const CLAIMS: JWTPayload = { profile_id: 7, profile_type: 'tutor', exp: NOW + 60 };
const KNOWN: Judged = { kind: 'known', user: { ...NOTHING, expiresAtMs: (NOW + 90) * 1_000 } };
const UNAUTHENTICATED: Judged = { kind: 'refused', why: 'unauthenticated' };
const FORBIDDEN: Judged = { kind: 'refused', why: 'forbidden' };
const UNAVAILABLE: Judged = { kind: 'unavailable' };

interface Fixture {
  readonly application: Application<ProfileSubject>;
  readonly clock: TestClock;
  readonly lines: readonly string[];
  readonly judge: (token: string) => Promise<Judged>;
}

function open(t: Test, config: Partial<JwtConfig>, limits: Partial<JwksLimits> = {}): Fixture {
  const clock = new TestClock(NOW * 1_000);
  const { log, lines } = logOf();
  const application = createJwtApplication<ProfileSubject>({
    config: { ...NO_KEY, ...config },
    judgeClaims: (claims, subject) => judgeProfileClaims(claims, subject, NAMES),
    clock,
    log,
    limits,
  });
  t.teardown(() => application.close());
  const judge = (token: string): Promise<Judged> =>
    application.judge(handshake(['Authorization', `Bearer ${token}`]), TUTOR);
  return { application, clock, lines, judge };
}

function sign(
  key: KeyObject | Uint8Array,
  alg: string,
  claims: JWTPayload = CLAIMS,
  header: Record<string, string> = {},
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg, ...header }).sign(key);
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const signed = (claims: JWTPayload, alg = 'HS256'): Promise<string> => sign(bytes(SECRET), alg, claims);
const pemOf = (key: KeyObject): string => String(key.export({ type: 'spki', format: 'pem' }));

function pemKey(key: KeyObject) {
  const parsed = publicKey.parse(pemOf(key));
  if (!('value' in parsed)) throw new Error('the key of this test is refused');
  return parsed.value;
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');

await t.test('a token that the application signed lets its profile in, until it expires', async (t) => {
  const { judge, application } = open(t, { secret: SECRET });
  for (const alg of ['HS256', 'HS384', 'HS512']) t.same(await judge(await signed(CLAIMS, alg)), KNOWN, alg);
  const more = { matrix_user_id: '@tutor:hs', name: 'Tutor', avatar: '/t.png' };
  t.match(await judge(await signed({ ...CLAIMS, ...more })), {
    user: { userId: '@tutor:hs', name: 'Tutor', avatar: '/t.png' },
  });
  t.same(await application.judge(handshake(), TUTOR), UNAUTHENTICATED, 'without a token');
  const inQuery = handshake([], `/ws/7/tutor?token=${await signed(CLAIMS)}`);
  t.same(await application.judge(inQuery, TUTOR), KNOWN, 'in the query');
  const twice = handshake(['Authorization', 'Bearer other'], `/ws/7/tutor?token=${await signed(CLAIMS)}`);
  t.same(await application.judge(twice, TUTOR), UNAUTHENTICATED, 'two of them');
});

await t.test('a good token of somebody else is forbidden', async (t) => {
  const { judge, lines } = open(t, { secret: SECRET });
  t.same(await judge(await signed({ ...CLAIMS, profile_id: 8 })), FORBIDDEN);
  t.same(await judge(await signed({ ...CLAIMS, profile_type: 'student' })), FORBIDDEN);
  t.same(await judge(await signed({ exp: NOW + 60 })), FORBIDDEN);
  t.same(await judge(await signed({ ...CLAIMS, matrix_user_id: 42 })), FORBIDDEN);
  t.match(lines, [/profile_id is not/, /profile_type is not/, /profile_id is not/, /matrix_user_id is no/]);
});

await t.test('times are those of our clock, give or take half a minute', async (t) => {
  const { judge, clock } = open(t, { secret: SECRET });
  const rows: readonly [claims: JWTPayload, judged: Judged['kind']][] = [
    [{ exp: NOW + 1 }, 'known'],
    [{ exp: NOW - 29 }, 'known'],
    [{ exp: NOW - 30 }, 'refused'],
    [{ exp: 0 }, 'refused'],
    [{ exp: '9999999999' as never }, 'refused'],
    [{ exp: null as never }, 'refused'],
    [{ exp: undefined as never }, 'refused'],
    [{ nbf: NOW + 30 }, 'known'],
    [{ nbf: NOW + 31 }, 'refused'],
  ];
  for (const [claims, kind] of rows)
    t.equal((await judge(await signed({ ...CLAIMS, ...claims }))).kind, kind, JSON.stringify(claims));
  const token = await signed(CLAIMS);
  clock.advance(89_000);
  t.same(await judge(token), KNOWN);
  clock.advance(1_000);
  t.same(await judge(token), UNAUTHENTICATED, 'at the very time that was told');
  const forever = await judge(await signed({ ...CLAIMS, exp: 1e300 }));
  t.match(forever, { user: { expiresAtMs: Number.MAX_SAFE_INTEGER } }, 'still a number');
});

await t.test('issuer and audience count when they are configured', async (t) => {
  const { judge } = open(t, { secret: SECRET, issuer: 'https://app', audience: 'portico' });
  const judged = async (claims: JWTPayload) => judge(await signed({ ...CLAIMS, ...claims }));
  t.same(await judged({ iss: 'https://app', aud: 'portico' }), KNOWN);
  t.same(await judged({ iss: 'https://app', aud: ['other', 'portico'] }), KNOWN);
  const others: readonly JWTPayload[] = [
    {},
    { iss: 'https://app' },
    { aud: 'portico' },
    { iss: 'https://app', aud: 'other' },
    { iss: 'https://app', aud: [] },
    { iss: 'https://other', aud: 'portico' },
    { iss: 'https://app/', aud: 'portico' },
  ];
  for (const claims of others) t.same(await judged(claims), UNAUTHENTICATED, JSON.stringify(claims));
});

await t.test('the key decides the algorithm, the token does not', async (t) => {
  const { judge: withSecret } = open(t, { secret: SECRET });
  const { judge: withRsa } = open(t, { publicKey: pemKey(rsa.publicKey) });
  const { judge: withEc } = open(t, { publicKey: pemKey(ec.publicKey) });
  const { judge: withEd } = open(t, { publicKey: pemKey(ed.publicKey) });
  for (const alg of ['RS256', 'RS512', 'PS256'])
    t.same(await withRsa(await sign(rsa.privateKey, alg)), KNOWN, alg);
  t.same(await withEc(await sign(ec.privateKey, 'ES256')), KNOWN);
  t.same(await withEd(await sign(ed.privateKey, 'EdDSA')), KNOWN);
  t.same(await withEd(await sign(ed.privateKey, 'Ed25519')), KNOWN);

  const unsigned = new UnsecuredJWT(CLAIMS).encode();
  // The oldest attack on verifiers: the public key, which everybody may know, as the secret of an HMAC.
  const forged = await Promise.all(
    [pemOf(rsa.publicKey), pemOf(rsa.publicKey).trim(), pemOf(ec.publicKey)].map((pem) =>
      sign(bytes(pem), 'HS256'),
    ),
  );
  const foreign = [
    unsigned,
    unsigned.replace(/^[^.]*/, Buffer.from('{"alg":"None"}').toString('base64url')),
    ...forged,
    await sign(otherRsa.privateKey, 'RS256'),
    await sign(bytes(`${SECRET} `), 'HS256'),
    await sign(rsa.privateKey, 'RS256', CLAIMS, { jku: 'https://evil.example/keys' }).then(
      (token) => `${token}x`,
    ),
    'a.b.c',
    '..',
    'x',
    'e30.e30.',
  ];
  for (const [name, judge] of Object.entries({ withSecret, withRsa, withEc, withEd }))
    for (const token of foreign) t.same(await judge(token), UNAUTHENTICATED, `${name} ${token.slice(0, 30)}`);
  t.same(await withSecret(await sign(rsa.privateKey, 'RS256')), UNAUTHENTICATED);
  t.same(await withRsa(await signed(CLAIMS)), UNAUTHENTICATED);
  const [head = '', , signature = ''] = (await signed(CLAIMS)).split('.');
  const changed = Buffer.from(JSON.stringify({ ...CLAIMS, name: 'x' })).toString('base64url');
  t.same(await withSecret(`${head}.${changed}.${signature}`), UNAUTHENTICATED, 'changed claims');
});

interface Publisher {
  readonly url: string;
  readonly asked: () => number;
  /** What is published from now on. */
  publish(answer: object | number | 'hang' | 'garbage' | 'huge'): void;
}

async function publisher(t: Test): Promise<Publisher> {
  let [asked, published]: [number, object | number | string] = [0, 500];
  const origin = await serve(t, (request, response) => {
    asked += 1;
    if (request.url !== '/keys') response.writeHead(404).end();
    else if (typeof published === 'number') response.writeHead(published, { location: '/other' }).end('{}');
    else if (published === 'garbage') response.end('{"keys":');
    else if (published === 'huge') response.end(JSON.stringify({ keys: [], more: 'x'.repeat(70_000) }));
    else if (published !== 'hang') response.end(JSON.stringify(published));
  });
  return { url: `${origin}/keys`, asked: () => asked, publish: (answer) => void (published = answer) };
}

async function jwk(key: KeyObject, kid: string): Promise<object> {
  return { ...(await exportJWK(key)), kid, use: 'sig' };
}

await t.test('published keys are fetched once, and again for a new one', async (t) => {
  const keys = await publisher(t);
  keys.publish({ keys: [await jwk(rsa.publicKey, 'a'), await jwk(ec.publicKey, 'b')] });
  const { judge, clock } = open(t, { jwksUrl: keys.url });
  const tokens = [
    await sign(rsa.privateKey, 'RS256', CLAIMS, { kid: 'a' }),
    await sign(ec.privateKey, 'ES256', CLAIMS, { kid: 'b' }),
    await sign(ec.privateKey, 'ES256'),
  ];
  t.same(await Promise.all(tokens.map((token) => judge(token))), [KNOWN, KNOWN, KNOWN]);
  t.equal(keys.asked(), 1, 'once for all');
  const unknown = await sign(ed.privateKey, 'EdDSA', CLAIMS, { kid: 'c' });
  for (let i = 0; i < 20; i += 1) t.same(await judge(unknown), UNAUTHENTICATED);
  t.equal(keys.asked(), 1, 'forged names of keys ask nobody while the keys are fresh');
  t.same(await judge(await sign(otherRsa.privateKey, 'RS256', CLAIMS, { kid: 'a' })), UNAUTHENTICATED);
  t.same(await judge(await sign(rsa.privateKey, 'RS256', CLAIMS, { kid: 'b' })), UNAUTHENTICATED);
  t.equal(clock.pending, 0, 'no timer is left');

  const impatient = open(t, { jwksUrl: keys.url }, { cooldownMs: 0 });
  t.same(await impatient.judge(unknown), UNAUTHENTICATED);
  keys.publish({ keys: [await jwk(ed.publicKey, 'c')] });
  t.same(await impatient.judge(unknown), KNOWN, 'after a rotation');
  const [withdrawn = ''] = tokens;
  t.same(await impatient.judge(withdrawn), UNAUTHENTICATED, 'the old key is gone');
});

await t.test('a published secret is none, and a published key takes no HMAC', async (t) => {
  const keys = await publisher(t);
  const secret = { kty: 'oct', k: Buffer.from(SECRET).toString('base64url'), kid: 's', alg: 'HS256' };
  keys.publish({ keys: [secret, await jwk(rsa.publicKey, 'a')] });
  const { judge } = open(t, { jwksUrl: keys.url });
  t.same(await judge(await sign(bytes(SECRET), 'HS256', CLAIMS, { kid: 's' })), UNAUTHENTICATED);
  t.same(
    await judge(await sign(bytes(pemOf(rsa.publicKey)), 'HS256', CLAIMS, { kid: 'a' })),
    UNAUTHENTICATED,
  );
  t.same(await judge(new UnsecuredJWT(CLAIMS).encode()), UNAUTHENTICATED);
});

await t.test('keys that cannot be fetched refuse nobody', async (t) => {
  const token = await sign(rsa.privateKey, 'RS256', CLAIMS, { kid: 'a' });
  for (const answer of [500, 404, 302, 204, 'garbage', 'huge', [], { keys: 7 }, { keys: [7] }] as const) {
    const keys = await publisher(t);
    keys.publish(answer);
    const { judge, clock, lines } = open(t, { jwksUrl: keys.url });
    t.same(await judge(token), UNAVAILABLE, JSON.stringify(answer));
    t.match(lines[0], 'did not judge');
    t.notMatch(lines[0], keys.url);
    keys.publish({ keys: [await jwk(rsa.publicKey, 'a')] });
    clock.advance(2_000);
    t.same(await judge(token), KNOWN, 'once they can be');
  }
  const nobody = open(t, { jwksUrl: 'http://127.0.0.1:1/keys' });
  t.same(await nobody.judge(token), UNAVAILABLE, 'nobody listens');
  t.same(await nobody.judge('x'), UNAUTHENTICATED, 'what is no token needs no key');
});

await t.test('a failed fetch is not repeated for every token', async (t) => {
  const keys = await publisher(t);
  const token = await sign(rsa.privateKey, 'RS256', CLAIMS, { kid: 'a' });
  const { judge, clock } = open(t, { jwksUrl: keys.url });
  for (let i = 0; i < 20; i += 1) t.same(await judge(token), UNAVAILABLE);
  t.equal(keys.asked(), 1);
  clock.advance(2_000);
  t.same(await judge(token), UNAVAILABLE);
  t.equal(keys.asked(), 2);
});

await t.test('keys that do not come are waited for 5 s, and not beyond a close', async (t) => {
  const token = await sign(rsa.privateKey, 'RS256', CLAIMS, { kid: 'a' });
  const keys = await publisher(t);
  keys.publish('hang');
  const late = open(t, { jwksUrl: keys.url });
  const waiting = Promise.all([late.judge(token), late.judge(token)]);
  await until(() => keys.asked() === 1);
  late.clock.advance(5_000);
  t.same(await waiting, [UNAVAILABLE, UNAVAILABLE]);
  t.equal(keys.asked(), 1, 'two tokens wait for one answer');
  const closing = open(t, { jwksUrl: keys.url });
  const judged = closing.judge(token);
  await until(() => keys.asked() === 2);
  await closing.application.close();
  t.same(await judged, UNAVAILABLE);
});

await t.test('nothing of a token reaches the log', async (t) => {
  const { judge, lines } = open(t, { secret: SECRET, issuer: 'https://app' });
  const tokens = [
    await signed({ ...CLAIMS, iss: 'CANARY' }),
    await signed({ ...CLAIMS, iss: 'https://app', profile_id: 'CANARY', name: 'CANARY' }),
    'CANARY.CANARY.CANARY',
    `${Buffer.from('{"alg":"CANARY"}').toString('base64url')}.e30.e30`,
    `${Buffer.from('{"alg":"HS256","crit":["CANARY"]}').toString('base64url')}.e30.e30`,
  ];
  for (const token of tokens) t.equal((await judge(token)).kind, 'refused');
  t.equal(lines.length, tokens.length);
  t.notMatch(lines.join('\n'), /CANARY|Q0FOQV/);
});
