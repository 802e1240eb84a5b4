// Where every path of the contract goes, that no forbidden target reaches Synapse, and that every legitimate one does.

import t from 'tap';

import { readHead } from '../../../src/http/head.ts';
import { isMatrixName, routeRequest, type Route } from '../../../src/proxy/route.ts';
import { corpusTargets, headOf } from '../../harness/heads.ts';

const MIN_FORBIDDEN = 500;
const MIN_LEGITIMATE = 200;

/** The route of a target as it came, or the code by which its head is refused. */
function routeOf(target: string, isAdminClient = false): Route | { to: string; route: string } {
  const rawHeaders = ['Host', 'gateway.test'];
  const verdict = readHead({ method: 'GET', target, httpVersion: '1.1', rawHeaders });
  return 'refused' in verdict
    ? { to: 'refused', route: verdict.refused }
    : routeRequest(verdict.head, isAdminClient);
}

await t.test('no forbidden target reaches Synapse, in any spelling', async (t) => {
  const targets = corpusTargets('forbidden-targets');
  t.ok(targets.length >= MIN_FORBIDDEN, `${targets.length} targets`);
  t.equal(new Set(targets).size, targets.length, 'none stands twice');
  for (const target of targets) t.not(routeOf(target).to, 'synapse', JSON.stringify(target));
});

await t.test('a client that may use the admin API gains nothing else by it', async (t) => {
  for (const target of corpusTargets('forbidden-targets')) {
    const route = routeOf(target, true);
    if (route.to !== 'synapse') continue;
    t.equal(route.route, 'synapse-admin', `${JSON.stringify(target)} is the admin API`);
    t.match(
      target,
      /^(?:http:\/\/gateway\.test)?\/_synapse\/admin\//i,
      `${JSON.stringify(target)} is its path`,
    );
  }
});

await t.test('every legitimate target reaches Synapse', async (t) => {
  const targets = corpusTargets('targets');
  t.ok(targets.length >= MIN_LEGITIMATE, `${targets.length} targets`);
  t.equal(new Set(targets).size, targets.length, 'none stands twice');
  for (const target of targets) t.equal(routeOf(target).to, 'synapse', target);
});

await t.test(
  'steps up that stay inside their prefix on every reading are forwarded as they are',
  async (t) => {
    const rows: readonly [target: string, why: string][] = [
      ['/_matrix/client/..', 'resolves to /_matrix/, never further'],
      ['/_matrix/a/../_synapse/admin', 'resolves to /_matrix/_synapse/admin, which is no path of Synapse'],
      ['/_matrix/_synapse/admin', 'a name below /_matrix/'],
      ['/_synapse/client/x/../admin', 'resolves to /_synapse/client/admin'],
      ['/_matrix/client/v3/rooms/!a:b/state/x/..', 'a state key that looks like a step up'],
      ['/_matrix/client/versions?/../../_synapse/admin', 'a query is no path'],
    ];
    for (const [target, why] of rows) t.equal(routeOf(target).to, 'synapse', `${target} ${why}`);
  },
);

await t.test('paths go where the contract says', async (t) => {
  const rows: readonly [method: string, target: string, to: Route['to'], label: string][] = [
    ['GET', '/_matrix/client/versions', 'synapse', 'matrix'],
    ['POST', '/_matrix/federation/v1/send/1', 'synapse', 'matrix'],
    ['GET', '/_synapse/client/pick_idp', 'synapse', 'synapse-client'],
    ['GET', '/_synapse/admin/v1/users', 'nowhere', 'denied'],
    ['GET', '/_synapse/admin', 'nowhere', 'denied'],
    ['GET', '/_synapse/metrics', 'nowhere', 'denied'],
    ['GET', '/_synapse/replication/x', 'nowhere', 'denied'],
    ['GET', '/_synapse/mas/x', 'nowhere', 'denied'],
    ['GET', '/_synapse/health', 'nowhere', 'denied'],
    ['GET', '/_synapse/new-in-some-version', 'nowhere', 'denied'],
    ['GET', '/_synapse', 'nowhere', 'denied'],
    ['GET', '/_matrix', 'nowhere', 'denied'],
    ['GET', '/_matrixx/client', 'nowhere', 'denied'],
    ['GET', '/_matrix%2fclient', 'nowhere', 'denied'],
    ['GET', '/', 'own', 'own'],
    ['GET', '/health', 'own', 'own'],
    ['GET', '/ready', 'own', 'own'],
    ['GET', '/call-config.json', 'own', 'own'],
    ['GET', '/.well-known/matrix/client', 'own', 'own'],
    ['GET', '/evil/_matrix/client/versions', 'own', 'own'],
    ['GET', '//_matrix/client/versions', 'own', 'own'],
    ['GET', '/_MATRIX/client/versions', 'own', 'own'],
    ['POST', '/call-config.json', 'own', 'own'],
    ['OPTIONS', '/_matrix/client/versions', 'preflight', 'preflight'],
    ['OPTIONS', '/_matrix/../_synapse/admin', 'nowhere', 'denied'],
    ['OPTIONS', '/_synapse/admin/v1/users', 'nowhere', 'denied'],
    ['OPTIONS', '/call-config.json', 'preflight', 'preflight'],
    ['OPTIONS', '/call-config.json?x=1', 'preflight', 'preflight'],
    ['OPTIONS', '/call-config.jsonx', 'own', 'own'],
    ['OPTIONS', '/call-config.json/', 'own', 'own'],
    ['OPTIONS', '/call-config.json/x', 'own', 'own'],
    ['OPTIONS', '/x/call-config.json', 'own', 'own'],
    ['OPTIONS', '/.well-known/matrix', 'own', 'own'],
    ['OPTIONS', '/.well-known/matrix/server', 'preflight', 'preflight'],
    ['OPTIONS', '*', 'preflight', 'preflight'],
    ['OPTIONS', '/other', 'own', 'own'],
  ];
  for (const [method, target, to, label] of rows) {
    const route = routeRequest(headOf({ method, target }), false);
    t.match(route, { to, route: label }, `${method} ${target} goes to ${to}`);
  }
});

await t.test('OPTIONS where uploads begin is answered by them, unless it is a preflight', async (t) => {
  const uploads = '/api/calls/abc/recordings';
  const asking = ['Access-Control-Request-Method', 'POST'];
  const rows: readonly [target: string, fields: readonly string[], to: Route['to']][] = [
    [uploads, [], 'own'],
    [`${uploads}?userId=x`, [], 'own'],
    [uploads, ['Origin', 'https://app.test'], 'own'],
    [uploads, asking, 'preflight'],
    [uploads, ['access-control-request-method', 'POST'], 'preflight'],
    [uploads, ['X', asking[0] ?? ''], 'own'],
    [`${uploads}/def`, [], 'preflight'],
    ['/api/calls/abc/status', [], 'preflight'],
  ];
  for (const [target, fields, to] of rows) {
    const rawHeaders = ['Host', 'gateway.test', ...fields];
    const verdict = readHead({ method: 'OPTIONS', target, httpVersion: '1.1', rawHeaders });
    t.match('head' in verdict && routeRequest(verdict.head, false), { to }, `${target} ${fields.join(': ')}`);
  }
});

await t.test('the admin API is for listed clients only', async (t) => {
  const rows: readonly [target: string, listed: string][] = [
    ['/_synapse/admin/v1/users', 'synapse'],
    ['/_synapse/admin/', 'synapse'],
    ['/_synapse/admin', 'nowhere'],
    ['/_synapse/admin/../metrics', 'nowhere'],
    ['/_synapse/admin/%2e%2e/replication', 'nowhere'],
    ['/_synapse/adminx/v1', 'nowhere'],
    ['/_synapse/metrics', 'nowhere'],
  ];
  for (const [target, listed] of rows) {
    t.equal(routeOf(target, true).to, listed, `${target} for a listed client`);
    t.equal(routeOf(target, false).to, 'nowhere', `${target} for everybody else`);
  }
});

await t.test('what is denied looks like what is not there', async (t) => {
  const denied = routeOf('/_synapse/admin/v1/users');
  t.match(denied, { code: 'ROUTE_DENIED' });
});

await t.test('errors have the Matrix shape where a Matrix client may have asked', async (t) => {
  const rows: readonly [path: string, isMatrix: boolean][] = [
    ['/_matrix/client/versions', true],
    ['/_matrix', true],
    ['/_synapse/admin', true],
    ['/health', false],
    ['/x/_matrix/', false],
    ['*', false],
  ];
  for (const [path, isMatrix] of rows) t.equal(isMatrixName(path), isMatrix, path);
});

await t.test('every method on the path of a tunnel or a route is its own, and nothing else is', async (t) => {
  const services = {
    tunnels: ['/xmpp-websocket', '/lk/', '/app/socket'],
    routes: ['/http-bind', '/app/', '/app/own/'],
  };
  const cases: readonly (readonly [string, string])[] = [
    ['/xmpp-websocket?room=a', 'tunnel'],
    ['/xmpp-websocket/', 'own'],
    ['/lk/rtc', 'tunnel'],
    ['/lk/../health', 'own'],
    ['/http-bind', 'route'],
    ['/http-bind?room=a', 'route'],
    ['/http-bind/', 'own'],
    ['/HTTP-bind', 'own'],
    ['/http%2Dbind', 'own'],
    ['//http-bind', 'own'],
    ['/app', 'own'],
    ['/app/', 'route'],
    ['/app/own/x', 'route'],
    ['/app/socket', 'tunnel'],
    ['/app/socket/', 'route'],
    ['/app/../health', 'own'],
    ['/app/%2e%2e/_matrix/client/versions', 'own'],
    ['/app/x/../_synapse/admin', 'route'],
    ['/_matrix/client/versions', 'matrix'],
    ['/_matrix/app/', 'matrix'],
    ['/health', 'own'],
  ];
  for (const [target, route] of cases) {
    for (const method of ['GET', 'POST'])
      t.equal(routeRequest(headOf({ method, target }), false, services).route, route, `${method} ${target}`);
  }
  t.equal(routeRequest(headOf({ method: 'OPTIONS', target: '/app/' }), false, services).route, 'route');
});
