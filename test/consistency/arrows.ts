// Who may import whom in src: the whole table, by area (a folder) or by file, each arrow with its reason.
// Lower never imports higher; what may be needed for its types only says so. imports.test.ts holds src against it.

import { CALL_ARROWS } from './call-arrows.ts';

export interface Arrow {
  /** Prefix of the importing file, below src; '' is every file. */
  readonly from: string;
  /** Prefix of the imported file. */
  readonly to: string;
  readonly carries: 'types' | 'values';
  /** The only values that may be imported. */
  readonly only?: readonly string[];
  readonly why: string;
}

export const ARROWS: readonly Arrow[] = [
  // The base, below everything.
  { from: '', to: 'errors.ts', carries: 'values', why: 'the registry is data' },
  { from: 'errors.ts', to: 'errors/', carries: 'values', why: 'its tables' },
  { from: 'errors/', to: 'errors/', carries: 'types', why: 'one area' },
  { from: '', to: 'clock.ts', carries: 'types', why: 'time is an argument' },
  { from: '', to: 'random.ts', carries: 'types', why: 'randomness is an argument' },

  // Areas within themselves.
  { from: 'config/', to: 'config/', carries: 'values', why: 'one area' },
  { from: 'http/', to: 'http/', carries: 'values', why: 'one area' },
  { from: 'proxy/', to: 'proxy/', carries: 'values', why: 'one area' },
  { from: 'discovery/', to: 'discovery/', carries: 'values', why: 'one area' },
  { from: 'observe/', to: 'observe/', carries: 'values', why: 'one area' },
  { from: 'matrix/', to: 'matrix/', carries: 'values', why: 'one area' },
  { from: 'cli/', to: 'cli/', carries: 'values', why: 'one area' },
  { from: 'call/model/', to: 'call/model/', carries: 'values', why: 'the model stands alone' },
  { from: 'call/', to: 'call/', carries: 'values', why: 'one area, above its model' },
  { from: 'store/', to: 'store/', carries: 'values', why: 'one area' },
  { from: 'ice/', to: 'ice/', carries: 'values', why: 'one area' },
  { from: 'registry/', to: 'registry/', carries: 'values', why: 'one area' },
  { from: 'push/', to: 'push/', carries: 'types', why: 'the port that it implements' },
  { from: 'api/', to: 'api/', carries: 'values', why: 'one area' },

  // The API document: every feature says what its routes take and answer, and one list gathers them.
  { from: 'call/schemas.ts', to: 'api/operation.ts', carries: 'types', why: 'its routes, described' },
  { from: 'call/relay-schemas.ts', to: 'api/operation.ts', carries: 'types', why: 'its routes, described' },
  { from: 'ice/schemas.ts', to: 'api/operation.ts', carries: 'types', why: 'its routes, described' },
  { from: 'registry/schemas.ts', to: 'api/operation.ts', carries: 'types', why: 'its routes, described' },
  { from: 'discovery/schemas.ts', to: 'api/operation.ts', carries: 'types', why: 'its routes, described' },
  { from: 'observe/schemas.ts', to: 'api/operation.ts', carries: 'types', why: 'its routes, described' },
  { from: 'api/operations.ts', to: 'call/schemas.ts', carries: 'values', why: 'the list of all routes' },
  {
    from: 'api/operations.ts',
    to: 'call/relay-schemas.ts',
    carries: 'values',
    why: 'the list of all routes',
  },
  { from: 'api/operations.ts', to: 'ice/schemas.ts', carries: 'values', why: 'the list of all routes' },
  { from: 'api/operations.ts', to: 'registry/schemas.ts', carries: 'values', why: 'the list of all routes' },
  { from: 'api/operations.ts', to: 'discovery/schemas.ts', carries: 'values', why: 'the list of all routes' },
  { from: 'api/operations.ts', to: 'observe/schemas.ts', carries: 'values', why: 'the list of all routes' },
  { from: 'call/schemas.ts', to: 'ice/schemas.ts', carries: 'values', why: 'answers hold ICE servers' },
  {
    from: 'discovery/schemas.ts',
    to: 'ice/schemas.ts',
    carries: 'values',
    why: 'call-config holds ICE servers',
  },
  {
    from: 'api/routes.ts',
    to: 'http/document.ts',
    carries: 'values',
    why: 'documents are served in one way',
  },
  { from: 'api/routes.ts', to: 'http/exchange.ts', carries: 'values', why: 'examples name the origin asked' },

  // Identifiers are typed everywhere below the doors, and parsed at them.
  { from: 'call/', to: 'matrix/ids.ts', carries: 'values', why: 'requests are parsed, kinds told apart' },
  { from: 'store/', to: 'matrix/ids.ts', carries: 'types', why: 'what is stored' },
  { from: 'ice/', to: 'matrix/ids.ts', carries: 'types', why: 'credentials are per user' },
  { from: 'push/', to: 'matrix/ids.ts', carries: 'types', why: 'notices name users and calls' },

  // Each part takes the type of its own section or of a kind of value, never the whole Config.
  { from: 'http/', to: 'config/kinds/', carries: 'types', why: 'addresses and networks are parsed there' },
  { from: 'proxy/', to: 'config/kinds/', carries: 'types', why: 'the upstream address is parsed there' },
  { from: 'observe/log.ts', to: 'config/sections/log.ts', carries: 'types', why: 'its own section' },

  // The front door is where the areas meet for a request: it asks for the route and has the end written down.
  { from: 'http/front-door.ts', to: 'proxy/route.ts', carries: 'values', why: 'whose shape errors have' },
  { from: 'http/intake.ts', to: 'proxy/route.ts', carries: 'values', why: 'the pure route decision' },
  {
    from: 'http/front-door.ts',
    to: 'observe/',
    carries: 'values',
    why: 'ends and refusals are written down',
  },
  {
    from: 'http/front-door.ts',
    to: 'observe/metrics.ts',
    carries: 'types',
    why: 'refused heads are counted',
  },

  { from: 'http/upgrade.ts', to: 'proxy/route.ts', carries: 'values', why: 'what is forwarded stays HTTP' },
  { from: 'http/upgrade.ts', to: 'observe/redact.ts', carries: 'values', why: 'targets are logged' },
  { from: 'http/upgrade.ts', to: 'observe/metrics.ts', carries: 'types', why: 'refusals are counted' },

  // Who asks is decided at the doors, by what the homeserver says.
  { from: 'http/auth.ts', to: 'matrix/ids.ts', carries: 'values', why: 'claims are parsed' },
  { from: 'http/auth.ts', to: 'matrix/', carries: 'types', why: 'through the port' },
  { from: 'http/own-api.ts', to: 'matrix/ids.ts', carries: 'types', why: 'the user of a page' },
  { from: 'http/auth.ts', to: 'config/sections/signaling.ts', carries: 'types', why: 'its own section' },

  // The lane reads exchanges and answers through http; its decisions know heads and clients as types.
  { from: 'proxy/', to: 'http/head.ts', carries: 'types', why: 'decisions are made on the head' },
  { from: 'proxy/', to: 'http/client.ts', carries: 'types', why: 'and on who asks' },
  {
    from: 'proxy/forward.ts',
    to: 'http/errors.ts',
    carries: 'values',
    why: 'failures are answered in one shape',
  },
  { from: 'proxy/forward.ts', to: 'http/exchange.ts', carries: 'values', why: 'the exchange it ends' },
  { from: 'proxy/forward.ts', to: 'http/send.ts', carries: 'values', why: 'answers are sent in one way' },
  { from: 'proxy/tunnel.ts', to: 'http/send.ts', carries: 'values', why: 'answers are sent in one way' },
  { from: 'proxy/tunnel', to: 'http/upgrade.ts', carries: 'types', why: 'upgrades are taken' },
  { from: 'proxy/tunnels.ts', to: 'http/exchange.ts', carries: 'types', why: 'ordinary requests' },
  { from: 'proxy/tunnels.ts', to: 'config/sections/tunnels.ts', carries: 'types', why: 'its own section' },
  { from: 'proxy/tunnels.ts', to: 'observe/metrics.ts', carries: 'types', why: 'their ends are counted' },
  { from: 'proxy/service-', to: 'config/sections/routes.ts', carries: 'types', why: 'its own section' },
  {
    from: 'proxy/service-routes.ts',
    to: 'http/exchange.ts',
    carries: 'types',
    why: 'requests are passed on',
  },
  { from: 'proxy/service-answer.ts', to: 'http/errors.ts', carries: 'values', why: 'in one shape' },

  // The splice lane asks what the front door and the HTTP lane ask.
  { from: 'splice/', to: 'splice/', carries: 'values', why: 'one area' },
  {
    from: 'splice/',
    to: 'http/',
    carries: 'values',
    why: 'heads, clients and answers are one for all lanes',
  },
  { from: 'splice/', to: 'proxy/', carries: 'values', why: 'and so are the decisions on the way' },
  {
    from: 'splice/client-connection.ts',
    to: 'observe/access-log.ts',
    carries: 'types',
    why: 'what is told of an end',
  },
  { from: 'splice/lane.ts', to: 'observe/access-log.ts', carries: 'values', why: 'the end of a request' },
  { from: 'splice/lane.ts', to: 'observe/metrics.ts', carries: 'types', why: 'requests are counted' },

  { from: 'observe/calls.ts', to: 'call/service.ts', carries: 'types', why: 'changes of calls are counted' },
  {
    from: 'splice/write-heads.ts',
    to: 'clock.ts',
    carries: 'values',
    only: ['httpDate'],
    why: 'dates as text',
  },
  { from: 'ice/homeserver-turn.ts', to: 'matrix/matrix.ts', carries: 'types', why: 'through the port' },

  {
    from: 'discovery/routes.ts',
    to: 'http/exchange.ts',
    carries: 'values',
    why: 'the origin that was asked',
  },
  {
    from: 'discovery/routes.ts',
    to: 'http/document.ts',
    carries: 'values',
    why: 'documents are served in one way',
  },
  { from: 'discovery/call-config.ts', to: 'ice/ice.ts', carries: 'types', why: 'the shape of an ICE server' },

  // The room registry: its routes stand on the common API, without anybody's identity.
  { from: 'registry/views.ts', to: 'clock.ts', carries: 'values', only: ['isoTime'], why: 'times as text' },
  {
    from: 'registry/requests.ts',
    to: 'matrix/display-name.ts',
    carries: 'values',
    why: 'names are shown in one line',
  },
  { from: 'registry/', to: 'store/rooms.ts', carries: 'types', why: 'through the port' },
  {
    from: 'registry/routes.ts',
    to: 'store/page-limits.ts',
    carries: 'values',
    why: 'how many rooms there are',
  },
  {
    from: 'registry/routes.ts',
    to: 'store/errors.ts',
    carries: 'values',
    only: ['StoreUnavailable'],
    why: 'it is answered with 503',
  },
  { from: 'registry/routes.ts', to: 'http/exchange.ts', carries: 'values', why: 'the address that asks' },

  // Certificates: read from files, judged, and handed to the listeners by the composition root.
  { from: 'tls/', to: 'tls/', carries: 'values', why: 'one area' },
  { from: 'tls/', to: 'config/sections/tls.ts', carries: 'types', why: 'its own section' },
  {
    from: 'tls/read-pair.ts',
    to: 'config/text-file.ts',
    carries: 'values',
    only: ['readTextFile'],
    why: 'small files are read in one way',
  },

  // The application behind web pages: asked by the handshake, as the doors see it.
  { from: 'application/', to: 'application/', carries: 'values', why: 'one area' },
  { from: 'application/', to: 'http/upgrade.ts', carries: 'types', why: 'handshakes are judged' },
  { from: 'application/', to: 'matrix/', carries: 'values', why: 'users and their names are parsed' },
  { from: 'application/', to: 'config/sections/', carries: 'types', why: 'its own sections' },
  {
    from: 'application/question.ts',
    to: 'proxy/headers.ts',
    carries: 'values',
    why: 'fields a client may not set',
  },
  {
    from: 'application/shown-token.ts',
    to: 'http/auth.ts',
    carries: 'values',
    why: 'tokens of Authorization',
  },
  { from: 'application/shown-token.ts', to: 'http/head.ts', carries: 'types', why: 'the head that shows it' },
  {
    from: 'call/membership.ts',
    to: 'matrix/display-name.ts',
    carries: 'values',
    why: 'names are shown in one line',
  },

  ...CALL_ARROWS,

  // What browsers get: the pages and the library, as they were built.
  { from: 'web/routes.ts', to: 'web/files.ts', carries: 'values', why: 'one area' },
  { from: 'web/routes.ts', to: 'config/sections/call-page.ts', carries: 'types', why: 'its own section' },
  { from: 'cli/', to: 'web/files.ts', carries: 'values', only: ['isBuilt'], why: 'the demo names the page' },

  // The composition root builds everything and is built by the commands only.
  { from: 'gateway-recordings.ts', to: '', carries: 'values', why: 'its part for recordings' },
  { from: 'gateway.ts', to: '', carries: 'values', why: 'the composition root' },
  { from: 'gateway-tls.ts', to: '', carries: 'values', why: 'its part for TLS' },
  { from: 'gateway-operator.ts', to: '', carries: 'values', why: 'its part for operators' },
  { from: 'gateway-pages.ts', to: '', carries: 'values', why: 'its part for web pages' },
  { from: 'gateway-signaling.ts', to: '', carries: 'values', why: 'its part for signaling' },
  { from: 'gateway-synapse.ts', to: '', carries: 'values', why: 'its part for the lanes to Synapse' },
  // `explain` decides as the gateway would, by the same pure functions.
  {
    from: 'cli/explain.ts',
    to: 'http/',
    carries: 'values',
    why: 'who asks, and whether the head is canonical',
  },
  { from: 'cli/explain.ts', to: 'proxy/', carries: 'values', why: 'where it goes, how long it may take' },
  { from: 'cli/check-certificates.ts', to: 'tls/', carries: 'values', why: 'judged as the start does' },
  { from: 'cli/', to: 'gateway.ts', carries: 'values', why: 'a command runs a gateway' },
  { from: 'cli/', to: 'config/', carries: 'values', why: 'a command loads the whole Config' },
  { from: 'cli/', to: 'observe/log.ts', carries: 'values', why: 'a command says where the log goes' },
  {
    from: 'cli/',
    to: 'http/listen.ts',
    carries: 'values',
    only: ['ListenError'],
    why: 'a port in use is told',
  },
  {
    from: 'cli/',
    to: 'store/errors.ts',
    carries: 'values',
    only: ['StoreOpenError'],
    why: 'a store that cannot be opened is told',
  },
  { from: 'cli/', to: 'clock.ts', carries: 'values', why: 'the demo has parts of its own' },
  { from: 'cli/', to: 'random.ts', carries: 'values', why: 'the demo has parts of its own' },
  { from: 'main.ts', to: 'cli/run.ts', carries: 'values', why: 'the entry' },
];
