// `signaling`: who is let into calls, from which web pages, and on which paths clients of each kind connect.

import type { ConfigOf } from '../keys.ts';
import { key, section } from '../keys.ts';
import { listOf } from '../kinds/collection.ts';
import type { Kind, Parsed } from '../kinds/kind.ts';
import { boolean, oneOf } from '../kinds/scalar.ts';
import { urlPath } from '../kinds/url-path.ts';
import { originUrl } from '../kinds/url.ts';
import { profileSection } from './profile.ts';
import { roomSection } from './room.ts';

const allowed = `${originUrl.allowed}, or * for every page`;

/** An origin in its serialised form, or `*`. */
const pageOrigin: Kind<string> = {
  ...originUrl,
  allowed,
  schema: { anyOf: [{ const: '*' }, originUrl.schema] },
  parse: parseOrigin,
  parseText: parseOrigin,
};

function parseOrigin(input: unknown): Parsed<string> {
  if (input === '*') return { value: '*' };
  const parsed = originUrl.parse(input);
  if ('faults' in parsed) return { faults: parsed.faults.map((fault) => ({ ...fault, allowed })) };
  // The URL parser takes it for a name; whoever writes it means a pattern, and would wait for it to match.
  if (parsed.value.includes('*')) {
    return { faults: [{ at: [], input, problem: 'is a pattern, but origins are compared whole', allowed }] };
  }
  return parsed;
}

const enabled = key('enabled', boolean, true, 'Whether such clients are served at all.');

export const signalingSection = section('signaling', 'Who takes part in calls.', {
  identity: key(
    'identity',
    oneOf('verified', 'vouched', 'claimed'),
    'vouched',
    'What proves who a client is. verified: a Matrix access token. vouched: also a user ID, if the client at this address is using a token of that user. claimed: any user ID, for laboratories only.',
  ),
  origins: key(
    'origins',
    listOf(pageOrigin),
    [],
    'The origins of web pages that may open sockets or call the API, besides our own. With *, every page may.',
  ),
  native: section('native', 'Clients that send JSON frames over a WebSocket.', {
    enabled,
    path: key('path', urlPath(), '/', 'Where they connect.'),
  }),
  socketio: section('socketio', 'Clients with a Socket.IO library.', {
    enabled,
    path: key(
      'path',
      urlPath({ endsInSlash: true }),
      '/socket.io/',
      'Where they connect, and get the client library. Other clients than those of your own expect the default.',
    ),
  }),
  profile: profileSection,
  room: roomSection,
});

export type SignalingConfig = ConfigOf<typeof signalingSection.entries>;
