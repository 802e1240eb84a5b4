// The real tree: its defaults in their units, its names, and that no two keys share a variable.

import t from 'tap';

import type { Config } from '../../../src/config/config.ts';
import { configTree } from '../../../src/config/config.ts';
import { isServiceVariable, variables } from '../../../src/config/environment.ts';
import type { Entries } from '../../../src/config/keys.ts';
import { placedKeys } from '../../../src/config/keys.ts';
import { duration } from '../../../src/config/kinds/duration.ts';
import { size } from '../../../src/config/kinds/size.ts';
import { resolve } from '../../../src/config/resolve.ts';

const NO_KEY = {
  secret: undefined,
  publicKey: undefined,
  jwksUrl: undefined,
  issuer: undefined,
  audience: undefined,
};

const DEFAULTS: Config = {
  listen: [{ kind: 'tcp', port: 3000 }],
  publicUrl: undefined,
  trustedProxies: [],
  tls: {
    certificate: undefined,
    key: undefined,
    certificates: [],
    redirect: undefined,
    hstsMs: undefined,
  },
  tunnels: [],
  routes: [],
  synapse: {
    url: { kind: 'tcp', origin: 'http://127.0.0.1:8008', isTls: false, host: '127.0.0.1', port: 8008 },
    adminAllow: [],
    maxUploadBytes: 52_428_800,
    connectTimeoutMs: 5000,
    responseTimeoutMs: 180_000,
  },
  limits: {
    headerSizeBytes: 16_384,
    headerTimeoutMs: 10_000,
    connections: 10_000,
    connectionsPerAddress: 512,
    apiRate: 600,
    signalingRate: 50,
    bodyIdleTimeoutMs: 60_000,
    keepAliveTimeoutMs: 300_000,
    drainTimeoutMs: 30_000,
  },
  ice: { stun: [], turn: { urls: undefined, secret: undefined, ttlMs: 600_000 } },
  calls: {
    ringTimeoutMs: 60_000,
    callerGraceMs: 10_000,
    graceMs: 30_000,
    maxDurationMs: 14_400_000,
    initiatesPerMinute: 10,
    ringingPerUser: 3,
    webhook: { url: undefined, secret: undefined },
  },
  store: { url: { kind: 'sqlite', path: 'data/portico.db' }, keepCallsMs: 2_160 * 3_600_000 },
  recordings: {
    enabled: false,
    dir: 'data/recordings',
    maxSizeBytes: 500 * 1024 ** 2,
    maxTotalBytes: 10 * 1024 ** 3,
    keepMs: 720 * 3_600_000,
  },
  signaling: {
    identity: 'vouched',
    origins: [],
    native: { enabled: true, path: '/' },
    socketio: { enabled: true, path: '/socket.io/' },
    profile: {
      enabled: false,
      path: '/ws/',
      types: ['tutor', 'student', 'parent', 'advertiser', 'user'],
      auth: 'forward',
      relayUnknown: false,
      forward: { url: undefined },
      jwt: {
        ...NO_KEY,
        claims: {
          profileId: 'profile_id',
          profileType: 'profile_type',
          userId: 'matrix_user_id',
          name: 'name',
          avatar: 'avatar',
        },
      },
    },
    room: {
      enabled: false,
      path: '/ws/',
      rooms: 'matrix',
      forward: { url: undefined },
      jwt: {
        ...NO_KEY,
        claims: { subject: 'sub', room: 'room', userId: 'matrix_user_id', name: 'name', avatar: 'avatar' },
      },
    },
  },
  callPage: { enabled: false },
  discovery: { client: {}, server: {}, support: undefined },
  proxy: { splice: true },
  observe: {
    listen: { kind: 'tcp', host: '127.0.0.1', port: 9300 },
    host: undefined,
    loopThreshold: 10,
  },
  log: { level: 'info', pretty: 'tty' },
};

await t.test('no file and no variable give a working local server', (test) => {
  const resolved = resolve(configTree, {
    document: null,
    environment: {},
    readFile: () => ({ problem: '' }),
  });
  test.same(resolved, { config: DEFAULTS });
  test.end();
});

await t.test('no two keys share an environment variable, and none is taken for one of a service', (test) => {
  const names = variables(configTree).map(({ name }) => name);
  test.same(new Set(names).size, names.length);
  test.same(
    names.filter((name) => isServiceVariable(name, 'tcp://10.0.0.1:80')),
    [],
  );
  test.end();
});

await t.test('two keys whose paths join to one variable would be found', (test) => {
  const [first] = placedKeys(configTree);
  if (first === undefined) throw new Error('the tree is empty');
  const entry = { ...first.key, isSecret: true };
  const clash = {
    a: { ...entry, yamlName: 'a_b' },
    b: {
      entry: 'section',
      yamlName: 'a',
      doc: '',
      together: [],
      entries: { b: { ...entry, yamlName: 'b' } },
    },
  } as const satisfies Entries;
  const names = variables(clash).map(({ name }) => name);
  test.same(names, ['PORTICO_A_B', 'PORTICO_A_B_FILE', 'PORTICO_A_B', 'PORTICO_A_B_FILE']);
  test.end();
});

await t.test('yaml names are snake_case, and every key is explained in a sentence', (test) => {
  for (const { path, key } of placedKeys(configTree)) {
    test.match(path.join('.'), /^[a-z]+(_[a-z]+)*(\.[a-z]+(_[a-z]+)*)*$/);
    test.match(key.doc, /^[A-Z][\s\S]*\.$/);
  }
  test.end();
});

await t.test('names of durations and sizes end in their unit', (test) => {
  visit(configTree);
  test.end();

  function visit(entries: Entries): void {
    for (const [name, entry] of Object.entries(entries)) {
      if (entry.entry === 'section') visit(entry.entries);
      else if (entry.kind.name === duration().name) test.match(name, /Ms$/);
      else if (entry.kind.name === size().name) test.match(name, /Bytes$/);
    }
  }
});
