// The resolver on a tree of its own: precedence, secrets and their files, and that no secret is ever printed.

import t from 'tap';

import { formatFaults } from '../../../src/config/faults.ts';
import type { ConfigOf } from '../../../src/config/keys.ts';
import { key, optionalKey, section } from '../../../src/config/keys.ts';
import { jsonObject, listOf } from '../../../src/config/kinds/collection.ts';
import { duration } from '../../../src/config/kinds/duration.ts';
import { network } from '../../../src/config/kinds/network.ts';
import { integer, oneOf, text } from '../../../src/config/kinds/scalar.ts';
import { size } from '../../../src/config/kinds/size.ts';
import { stunUrl } from '../../../src/config/kinds/stun-url.ts';
import { upstreamUrl } from '../../../src/config/kinds/url.ts';
import type { Sources } from '../../../src/config/resolve.ts';
import { resolve } from '../../../src/config/resolve.ts';
import { showConfig } from '../../../src/config/show.ts';

const tree = {
  name: key('name', text, 'portico', 'A name.'),
  turn: section('turn', 'Relays.', {
    ttlMs: key('ttl', duration(), '1h', 'How long credentials live.'),
    secret: optionalKey('secret', text, 'example', 'The shared secret.', { isSecret: true }),
    nested: section('nested', 'Deeper.', { count: key('count', integer({ min: 0, max: 9 }), 3, 'A count.') }),
  }),
};

const FILES: Readonly<Record<string, string>> = {
  '/run/secret': 'from a file\n',
  '/run/two-newlines': 'from a file\n\n',
  '/run/windows': 'from a file\r\n',
  '/run/empty': '\n',
};

function resolveTree(given: Partial<Sources>): ReturnType<typeof resolve<typeof tree>> {
  return resolve(tree, {
    document: undefined,
    environment: {},
    readFile: (path) => {
      const content = FILES[path];
      return content === undefined ? { problem: 'does not exist' } : { text: content };
    },
    ...given,
  });
}

function configOf(given: Partial<Sources>): ConfigOf<typeof tree> {
  const resolved = resolveTree(given);
  if ('faults' in resolved) throw new Error(formatFaults(resolved.faults));
  return resolved.config;
}

function refusalOf(given: Partial<Sources>): string {
  const resolved = resolveTree(given);
  return 'faults' in resolved ? formatFaults(resolved.faults) : 'accepted';
}

await t.test('nothing given means the defaults, and a key without default has none', (test) => {
  test.same(configOf({}), {
    name: 'portico',
    turn: { ttlMs: 3_600_000, secret: undefined, nested: { count: 3 } },
  });
  test.end();
});

await t.test('the result has the types that the declarations give', (test) => {
  const config = configOf({});
  const ttlMs: number = config.turn.ttlMs;
  const secret: string | undefined = config.turn.secret;
  test.same([ttlMs, secret], [3_600_000, undefined]);
  // @ts-expect-error: a config does not change after it was loaded
  test.throws(() => (config.turn.ttlMs = 1), TypeError);
  test.throws(() => Object.assign(config.turn.nested, { count: 4 }), TypeError);
  test.end();
});

await t.test('the environment outweighs the document at every depth', (test) => {
  const document = { name: 'document', turn: { nested: { count: 1 } } };
  const environment = { PORTICO_TURN_NESTED_COUNT: '2', PATH: '/bin', PORTICO_TURN_TTL: undefined };
  test.match(configOf({ document, environment }), { name: 'document', turn: { nested: { count: 2 } } });
  test.end();
});

await t.test(
  'a secret comes from its key, its file, its variable or the file that its variable names',
  (test) => {
    const ways: readonly (readonly [Partial<Sources>, string])[] = [
      [{ document: { turn: { secret: 'plain' } } }, 'plain'],
      [{ document: { turn: { secret_file: '/run/secret' } } }, 'from a file'],
      [{ document: { turn: { secret_file: '/run/two-newlines' } } }, 'from a file\n'],
      [{ document: { turn: { secret_file: '/run/windows' } } }, 'from a file'],
      [{ environment: { PORTICO_TURN_SECRET: 'variable' } }, 'variable'],
      [{ environment: { PORTICO_TURN_SECRET_FILE: '/run/secret' } }, 'from a file'],
      [{ document: { turn: { secret_file: '/missing' } }, environment: { PORTICO_TURN_SECRET: 'v' } }, 'v'],
      [
        { document: { turn: { secret: 'd' } }, environment: { PORTICO_TURN_SECRET_FILE: '/run/secret' } },
        'from a file',
      ],
    ];
    for (const [given, secret] of ways) test.equal(configOf(given).turn.secret, secret);
    test.end();
  },
);

await t.test('a secret that is given twice in one place is refused', (test) => {
  const twice = 'turn.secret is given twice, as secret and as secret_file';
  test.match(refusalOf({ document: { turn: { secret: 'a', secret_file: '/run/secret' } } }), twice);
  test.match(
    refusalOf({ environment: { PORTICO_TURN_SECRET: 'a', PORTICO_TURN_SECRET_FILE: '/run/secret' } }),
    twice,
  );
  test.end();
});

await t.test('a secret file that cannot be read, is empty or has no path is refused', (test) => {
  test.match(
    refusalOf({ document: { turn: { secret_file: '/missing' } } }),
    /turn\.secret_file names a file that does not exist\n {2}value: {3}"\/missing"/,
  );
  test.match(
    refusalOf({ environment: { PORTICO_TURN_SECRET_FILE: '/missing' } }),
    /turn\.secret_file names a file that does not exist\n.*\n {2}from: {4}PORTICO_TURN_SECRET_FILE/,
  );
  test.match(refusalOf({ document: { turn: { secret_file: '/run/empty' } } }), 'turn.secret_file is empty');
  test.match(refusalOf({ document: { turn: { secret_file: 5 } } }), 'turn.secret_file is not a path');
  test.match(refusalOf({ document: { turn: { secret_file: null } } }), 'turn.secret_file has no value');
  test.end();
});

const pairTree = {
  relay: section(
    'relay',
    'Needs both.',
    {
      name: optionalKey('name', text, 'a', 'A name.'),
      secret: optionalKey('secret', text, 'b', 'A secret.', { isSecret: true }),
      ttlMs: key('ttl', duration(), '1h', 'A time.'),
    },
    { together: ['name', 'secret'] },
  ),
};

function pairRefusal(document: unknown, environment: Sources['environment'] = {}): string {
  const resolved = resolve(pairTree, { document, environment, readFile: () => ({ problem: 'is gone' }) });
  return 'faults' in resolved ? formatFaults(resolved.faults) : 'accepted';
}

await t.test('keys that belong together are given both or not at all, in whatever form', (test) => {
  const good: readonly (readonly [unknown, Sources['environment']])[] = [
    [{}, {}],
    [{ relay: { ttl: '1s' } }, {}],
    [{ relay: { name: 'a', secret: 'b' } }, {}],
    [{ relay: { name: 'a' } }, { PORTICO_RELAY_SECRET: 'b' }],
    [{ relay: { secret: 'b' } }, { PORTICO_RELAY_NAME: 'a' }],
    [{}, { PORTICO_RELAY_NAME: 'a', PORTICO_RELAY_SECRET: 'b' }],
  ];
  for (const [document, environment] of good)
    test.equal(pairRefusal(document, environment), 'accepted', JSON.stringify([document, environment]));
  test.match(pairRefusal({ relay: { name: 'a' } }), 'relay.secret is missing, and relay.name does nothing');
  test.match(pairRefusal({ relay: { secret: 'b' } }), 'relay.name is missing, and relay.secret does nothing');
  const fromVariable = pairRefusal({}, { PORTICO_RELAY_SECRET_FILE: '/run/secret' });
  test.match(fromVariable, /relay\.name is missing[^\n]*\n {2}from: {4}PORTICO_RELAY_SECRET_FILE/);
  test.end();
});

await t.test('one of a pair whose value is refused is not called missing too', (test) => {
  for (const relay of [
    { name: 5, secret: 'b' },
    { name: 'a', secret: null },
    { name: 'a', secret_file: '/gone' },
    { name: 'a', secret: 'b', secret_file: '/gone' },
  ]) {
    const refusal = pairRefusal({ relay });
    test.match(refusal, '1 fault');
    test.notMatch(refusal, 'missing');
  }
  test.end();
});

await t.test('a key that is no secret has no file', (test) => {
  test.match(refusalOf({ document: { name_file: '/run/secret' } }), 'name_file is not a known key');
  test.match(refusalOf({ environment: { PORTICO_NAME_FILE: '/run/secret' } }), 'sets no known key');
  test.end();
});

await t.test('the file of a secret is among the keys that a typing error may have meant', (test) => {
  test.match(refusalOf({ document: { turn: { secret_fil: '/x' } } }), 'did you mean turn.secret_file?');
  test.match(
    refusalOf({ environment: { PORTICO_TURN_SECRETFILE: '/x' } }),
    'did you mean PORTICO_TURN_SECRET_FILE?',
  );
  test.end();
});

await t.test('a bad secret of any kind is masked in the refusal', (test) => {
  const canaries: readonly (readonly [Parameters<typeof optionalKey>[1], unknown, unknown])[] = [
    [duration(), '5s', 'hunter2'],
    [duration(), '5s', 70_707],
    [size(), '1KiB', '70707MB'],
    [network, '10.0.0.0/8', '10.70.70.7/8'],
    [stunUrl, 'stun:a', 'stun://hunter2'],
    [upstreamUrl, 'http://a', 'http://hunter2/path'],
    [oneOf('abcdef', 'hunter'), 'abcdef', 'hunter2'],
    [listOf(integer({ min: 0, max: 9 })), [1], ['hunter2', 70_707]],
    [listOf(integer({ min: 0, max: 9 })), [1], 'hunter2'],
    [jsonObject, {}, ['hunter2']],
    [text, 'x', 70_707],
  ];
  for (const [kind, example, input] of canaries) {
    const secretTree = {
      token: optionalKey('token', kind, example as string, 'A secret.', { isSecret: true }),
    };
    const readFile: Sources['readFile'] = () => ({ text: String(input) });
    const fromFile = resolve(secretTree, { document: { token: input }, environment: {}, readFile });
    const fromVariable = resolve(secretTree, {
      document: {},
      environment: { PORTICO_TOKEN: `${String(input)}"` },
      readFile,
    });
    for (const resolved of [fromFile, fromVariable]) {
      if (!('faults' in resolved)) continue;
      const refusal = formatFaults(resolved.faults);
      test.match(refusal, '***');
      test.notMatch(refusal, /hunter2|707/);
    }
    test.ok('faults' in fromFile);
  }
  test.end();
});

await t.test('a good secret is masked in the config in effect', (test) => {
  const shown = showConfig(tree, configOf({ document: { turn: { secret: 'hunter2' } } }));
  test.match(shown, "secret: '***'");
  test.notMatch(shown, 'hunter2');
  test.notMatch(showConfig(tree, configOf({})), 'secret');
  test.end();
});

await t.test('a variable that merely inherits its name is not given', (test) => {
  const environment = Object.create({ PORTICO_NAME: 'inherited' }) as Record<string, string>;
  test.equal(configOf({ environment }).name, 'portico');
  test.end();
});

await t.test(
  'a default or an example that its own kind refuses stops the program at its declaration',
  (test) => {
    test.throws(
      () => key('wait', duration(), '5', 'A wait.'),
      /default of the config key wait is not a duration/,
    );
    test.throws(() => optionalKey('wait', duration(), '5', 'A wait.'), /example of wait is not a duration/);
    test.end();
  },
);
