// How the application behind a web page is asked who a page's user is: the parts that `signaling.profile` and
// `signaling.room` have in common. What of it has to be given is page-conflicts.ts.

import type { ConfigOf } from '../keys.ts';
import { optionalKey, section } from '../keys.ts';
import { endpointUrl } from '../kinds/endpoint-url.ts';
import { publicKey } from '../kinds/public-key.ts';
import { text } from '../kinds/scalar.ts';
import { signingSecret } from '../kinds/signing-secret.ts';

export const forwardSection = section('forward', 'The application is asked, as by auth_request of nginx.', {
  url: optionalKey(
    'url',
    endpointUrl,
    'http://127.0.0.1:8000/portico-auth',
    "Gets the headers of the page's handshake, with its path and query as X-Original-URI, and answers 200 with {user_id?, name?, avatar?}, 204, 401, 403 or 404.",
  ),
});

export const JWT_DOC =
  'The application signs tokens, which pages show as Authorization: Bearer, as the subprotocol access_token.TOKEN or in the query (token, access_token or jwt). One kind of key: secret, public_key or jwks_url.';

export const jwtKeys = {
  secret: optionalKey(
    'secret',
    signingSecret,
    'a long random text that the application signs with',
    'The secret of HS256, HS384 and HS512.',
    { isSecret: true },
  ),
  publicKey: optionalKey(
    'public_key',
    publicKey,
    'MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=',
    'The public half of the key that the application signs with, usually as public_key_file.',
    { isSecret: true },
  ),
  jwksUrl: optionalKey(
    'jwks_url',
    endpointUrl,
    'https://example.org/.well-known/jwks.json',
    'Where the application publishes its public keys.',
  ),
  issuer: optionalKey('issuer', text, 'https://example.org', 'What iss of a token has to be, if given.'),
  audience: optionalKey('audience', text, 'portico', 'What aud of a token has to be or hold, if given.'),
};

/** The kinds of key, one of which has to be given. */
export const KEY_KINDS = ['secret', 'publicKey', 'jwksUrl'] as const satisfies (keyof typeof jwtKeys)[];

export type ForwardConfig = ConfigOf<typeof forwardSection.entries>;
export type JwtConfig = ConfigOf<typeof jwtKeys>;
