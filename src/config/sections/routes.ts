// `routes`: further HTTP services on the same origin, such as the BOSH of Jitsi's Prosody or a web app. Each has a path
// of its own on our origin. Which paths get in each other's way is conflicts.ts.

import { key } from '../keys.ts';
import { listOf } from '../kinds/collection.ts';
import type { Kind } from '../kinds/kind.ts';
import { hostHeader } from '../kinds/host-header.ts';
import { defaulted, optional, recordOf, required } from '../kinds/record.ts';
import { boolean } from '../kinds/scalar.ts';
import { httpServiceUrl } from '../kinds/service-url.ts';
import { size } from '../kinds/size.ts';
import { urlPath } from '../kinds/url-path.ts';

const routeMembers = {
  path: required(
    'path',
    urlPath(),
    '/http-bind',
    'What clients ask for; with a slash at its end, everything below it too.',
  ),
  to: required(
    'to',
    httpServiceUrl,
    'http://127.0.0.1:5280/http-bind',
    'The service behind it; a path in it takes the place of ours.',
  ),
  isStripped: defaulted(
    'strip',
    boolean,
    false,
    'Whether our path is taken off where to has none, so that /app/x is asked for as /x.',
  ),
  host: optional('host', hostHeader, 'The Host that the service is asked by, if not that of its URL.'),
  maxBodyBytes: defaulted('max_body', size(), '50MiB', 'A larger request body is answered with 413.'),
};

const route = recordOf(routeMembers);

export type RouteConfig = typeof route extends Kind<infer T> ? T : never;

export const routesKey = key(
  'routes',
  listOf(route),
  [],
  "Further HTTP services on the same origin, for instance the BOSH of Jitsi's Prosody: {path: /http-bind, to: 'http://127.0.0.1:5280/http-bind', host: meet.example.org}. WebSockets are not passed on: they have tunnels.",
);
