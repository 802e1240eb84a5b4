// The API document and its page, held against the gateway: every route that is registered is described and the other
// way round, real answers are as described, and reports of quality end up in the timeline. Against a real Synapse.

import { Ajv2020 } from 'ajv/dist/2020.js';
import { pino } from 'pino';
import t, { type Test } from 'tap';

import { openapi, type DocumentSchema, type OpenApiDocument } from '../../src/api/openapi.ts';
import { OPERATIONS } from '../../src/api/operations.ts';
import { renderPage } from '../../src/api/page.ts';
import { registerApiDocs } from '../../src/api/routes.ts';
import { registerCalls } from '../../src/call/routes.ts';
import { systemClock } from '../../src/clock.ts';
import { registerDiscovery } from '../../src/discovery/routes.ts';
import { ERRORS } from '../../src/errors.ts';
import { createOwnServer } from '../../src/http/server.ts';
import { registerIce } from '../../src/ice/routes.ts';
import { registerHealth } from '../../src/observe/routes.ts';
import { registerRecordings } from '../../src/recording/routes.ts';
import { registerRoomRegistry } from '../../src/registry/routes.ts';
import { importsOf, readSource } from '../consistency/source-files.ts';
import { ask, dial, gatherCast, shows, type ApiAnswer } from '../harness/call-api.ts';
import { startGateway } from '../harness/gateway.ts';
import { startRecordingUpstream } from '../harness/recording-upstream.ts';
import { startTestSynapse } from '../harness/synapse.ts';

t.setTimeout(120_000);

const document = openapi(OPERATIONS);
const described = OPERATIONS.map(({ method, path }) => `${method} ${path}`);
/** Registers routes that are never called here. */
const unused = {} as never;
/** The document, with every member refused that is not described, unless it allows for more. */
const strict = closed(document) as OpenApiDocument;
const strictSchemas = answerSchemas(strict);
const REGISTRARS = {
  registerApiDocs,
  registerCalls,
  registerDiscovery,
  registerHealth,
  registerIce,
  registerRecordings,
  registerRoomRegistry,
};

await t.test('every route of the public listener is described, and nothing else', async (t) => {
  const server = createOwnServer(pino({ level: 'silent' }), systemClock);
  const routes: string[] = [];
  server.addHook('onRoute', ({ method, url }) => {
    // The 405 of documents is registered for a list of methods, HEAD goes with each GET.
    if (typeof method === 'string' && method !== 'HEAD') {
      routes.push(`${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
    }
  });
  registerDiscovery(server, { iceServers: unused, client: {}, server: {}, support: {} });
  registerHealth(server, unused);
  registerApiDocs(server);
  void server.register((api, _options, done) => {
    registerCalls(api, unused);
    registerIce(api, unused, unused);
    done();
  });
  void server.register((api, _options, done) => {
    registerRoomRegistry(api, unused);
    done();
  });
  void server.register((api, _options, done) => {
    registerRecordings(api, { callers: unused, calls: unused, clock: systemClock, open: undefined });
    done();
  });
  await server.ready();
  t.same(routes.toSorted(), described.toSorted());
  const registered = ['src/gateway.ts', 'src/gateway-pages.ts', 'src/gateway-recordings.ts']
    .flatMap((path) => importsOf({ path, text: readSource(path).text }))
    .flatMap(({ names }) => names)
    .filter((name) => name.startsWith('register') && !['registerMetrics', 'registerWeb'].includes(name));
  t.same(registered.toSorted(), Object.keys(REGISTRARS).toSorted(), 'the gateway registers these features');
});

await t.test('what is described is served: no described route is unknown to the gateway', async (t) => {
  const upstream = await startRecordingUpstream(t);
  const { url } = await startGateway(t, {
    synapse: { url: upstream.url },
    discovery: { support: { contacts: [{ email_address: 'a@example.org', role: 'm.role.admin' }] } },
    signaling: { room: { enabled: true, rooms: 'registry' } },
  });
  for (const { method, path, faults = [] } of OPERATIONS) {
    const target = path.replace('{id}', 'f'.repeat(32));
    const answer = await ask(url, `${method} ${target}`, method === 'POST' ? { body: {} } : {});
    t.not(answer.body['error'], 'Not Found', `${method} ${path}`);
    if (method === 'POST') {
      for (const body of ['{', `"${'x'.repeat(70_000)}"`])
        holdsToDocument(t, `POST ${target}`, await ask(url, `POST ${target}`, { body }));
    }
    if (faults[0] === undefined) continue;
    t.equal(answer.status, 400, `${method} ${path} refuses what is empty`);
    t.equal(answer.body['error'], faults[0], 'with the text that is described');
  }
});

await t.test('the page and the document are served to any web page, and may run nothing', async (t) => {
  const upstream = await startRecordingUpstream(t);
  const { url } = await startGateway(t, { synapse: { url: upstream.url } });
  const json = await fetch(`${url}/api/docs/json`, { headers: { Origin: 'https://elsewhere.example' } });
  t.equal(json.status, 200);
  t.match(json.headers.get('content-type'), /^application\/json\b/);
  t.equal(json.headers.get('cache-control'), 'public, max-age=300');
  t.equal(json.headers.get('access-control-allow-origin'), '*');
  t.same(await json.json(), JSON.parse(JSON.stringify(document)));

  const page = await fetch(`${url}/api/docs`);
  t.equal(page.status, 200);
  t.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
  t.equal(page.headers.get('content-security-policy'), "default-src 'none'; style-src 'unsafe-inline'");
  t.equal(page.headers.get('x-content-type-options'), 'nosniff');
  t.equal(page.headers.get('cache-control'), 'public, max-age=300');
  t.equal(page.headers.get('access-control-allow-origin'), '*');
  t.equal(await page.text(), renderPage(document, url), 'with the origin that was asked in its examples');
  for (const path of ['/api/docs', '/api/docs/json']) {
    t.equal((await fetch(url + path, { method: 'HEAD' })).status, 200, `HEAD ${path}`);
    const refused = await fetch(url + path, { method: 'POST', body: 'x' });
    t.equal(refused.status, 405, `POST ${path}`);
    t.equal(refused.headers.get('allow'), 'GET, HEAD, OPTIONS');
  }
});

await t.test('the page names every route, member and error, and escapes what it is given', async (t) => {
  const page = renderPage(document, `https://<script>"'&`);
  t.notMatch(page, '<script', 'nothing of the origin is markup');
  t.notMatch(page, /\bsrc=|@import|url\(|\bon\w+=/i, 'nothing is loaded, nothing runs');
  const text = page.replaceAll(/<[^>]*>/g, '');
  for (const { method, path, id, body, errors, summary } of OPERATIONS) {
    t.match(page, `id="${id}"`, `${id} has an anchor`);
    for (const part of [
      `${method} ${path}`,
      `curl ${method === 'POST' ? '-X POST ' : ''}`,
      summary.replaceAll('`', ''),
    ])
      t.ok(text.includes(part.replaceAll("'", '&#39;')), part);
    for (const name of Object.keys(body?.properties ?? {})) t.ok(text.includes(name), `${id}: ${name}`);
    for (const code of errors) t.ok(text.includes(code) && text.includes(ERRORS[code].text), code);
  }
});

await t.test('the document is one that tools understand', async (t) => {
  t.equal(document.openapi, '3.1.0');
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  const ids = operations.map(({ operationId }) => operationId);
  t.same([...new Set(ids)], ids, 'operation ids are unique');
  const ajv = answerSchemas(document);
  for (const { operationId, requestBody, responses } of operations) {
    const schemas = [requestBody?.content, ...Object.values(responses).map(({ content }) => content)]
      .flatMap((content) => Object.values(content ?? {}))
      .flatMap(({ schema }) => (schema === undefined ? [] : [schema]));
    for (const schema of schemas) t.doesNotThrow(() => ajv.compile(rooted(schema)), operationId);
  }
  for (const { path, answers } of OPERATIONS)
    for (const { status, schema, mediaType } of answers)
      t.ok(status === 204 || schema !== undefined || mediaType !== undefined, `${path} says its answer`);
});

await t.test(
  'a call from its start to its timeline is answered as described, member for member',
  async (t) => {
    const synapse = await startTestSynapse(t);
    const { url } = await startGateway(t, {
      synapse: { url: synapse.url },
      ice: {
        stun: ['stun:stun.example.org'],
        turn: { urls: ['turn:turn.example.org'], secret: 's'.repeat(32) },
      },
    });
    const { alice, bob, carol, roomId } = await gatherCast(synapse);
    const check = (target: string, answer: ApiAnswer, status: number): ApiAnswer => {
      t.equal(answer.status, status, `${target}: ${answer.text}`);
      holdsToDocument(t, target, answer);
      return answer;
    };
    const post = async (
      who: typeof alice,
      target: string,
      status: number,
      body: object = {},
    ): Promise<ApiAnswer> => {
      const answer = await ask(url, `POST ${target}`, { body: { ...shows(who), ...body } });
      return check(`POST ${target}`, answer, status);
    };
    const get = async (who: typeof alice, target: string, status = 200): Promise<ApiAnswer> =>
      check(`GET ${target}`, await ask(url, `GET ${target}`, { token: who.accessToken }), status);

    const first = await post(alice, '/api/calls/initiate', 201, { roomId, callType: 'voice' });
    const call = `/api/calls/${String(first.body['callId'])}`;
    await get(bob, `/api/calls/active?userId=${encodeURIComponent(bob.userId)}`);
    await get(bob, `${call}/status`);
    await post(bob, `${call}/answer`, 200);
    await post(bob, `${call}/toggle-audio`, 200, { enabled: false });
    await post(alice, `${call}/toggle-video`, 200, { enabled: true });
    const offer = { type: 'offer', sdp: 'v=0\r\n' };
    await post(alice, `${call}/offer`, 200, { offer });
    await post(alice, `${call}/offer`, 404, { offer, targetUserId: carol.userId });
    await post(bob, `${call}/answer-sdp`, 200, { answer: 'v=0\r\n' });
    await post(bob, `${call}/ice-candidate`, 200, { candidate: null });

    await post(alice, `${call}/stats`, 204, { setupMs: 900, rttMs: 40, jitterMs: 2, lossPercent: 0 });
    await post(alice, `${call}/stats`, 204, { rttMs: 80, candidateType: 'relay', protocol: 'tls' });
    await post(bob, `${call}/stats`, 204, { mos: 4 });
    await post(carol, `${call}/stats`, 404, { rttMs: 1 });
    const refused = await post(bob, `${call}/stats`, 400, { rttMs: -1 });
    t.equal(refused.body['error'], 'rttMs must be a number from 0 to 60000');
    const nobody = await ask(url, `POST ${call}/stats`, { body: { rttMs: 1 } });
    t.equal(nobody.status, 401);
    holdsToDocument(t, `POST ${call}/stats`, nobody);

    await post(alice, `${call}/end`, 200);
    await post(bob, `${call}/stats`, 204, { mos: 3 });
    const { body } = await get(bob, `${call}/timeline`);
    t.match(body['stats'], [
      {
        matrix_user_id: alice.userId,
        reports: 2,
        rttMs: { count: 2, min: 40, avg: 60, max: 80, last: 80 },
        setupMs: { count: 1 },
        mos: { count: 1 },
        candidateType: 'relay',
        protocol: 'tls',
      },
      { matrix_user_id: bob.userId, reports: 2, mos: { count: 2, min: 3, avg: 3.5, max: 4, last: 3 } },
    ]);

    const second = `/api/calls/${await dial(url, alice, roomId)}`;
    await post(bob, `${second}/reject`, 200);
    const third = `/api/calls/${await dial(url, alice, roomId)}`;
    await post(alice, `${third}/end`, 200);
    await get(bob, '/api/calls/missed');
    await post(bob, '/api/calls/missed/read', 200);
    await get(alice, '/api/calls?limit=2');
    await get(alice, '/api/ice');
    await get(alice, '/api/turn-credentials');
    await get(carol, `${call}/status`, 404);
    for (const path of ['/call-config.json', '/.well-known/matrix/client', '/.well-known/matrix/server'])
      await get(alice, path);
    for (const path of ['/health', '/ready']) await get(alice, path);
  },
);

/** @returns a reader of schemas that knows the named ones */
function answerSchemas({ components }: OpenApiDocument): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ $id: 'https://document/', components });
  return ajv;
}

/** With references that lead into the document. */
function rooted(schema: DocumentSchema): object {
  const text = JSON.stringify(schema).replaceAll('"#/components', '"https://document/#/components');
  return JSON.parse(text) as object;
}

function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, closed(member)]));
  return members['type'] === 'object' ? { additionalProperties: false, ...members } : members;
}

function holdsToDocument(t: Test, target: string, { status, text }: ApiAnswer): void {
  const [method = '', path = ''] = (target.split('?')[0] ?? '').replace(/[0-9a-f]{32}/, '{id}').split(' ');
  const response = strict.paths[path]?.[method.toLowerCase()]?.responses[status];
  t.ok(response, `${target}: ${status} is described`);
  const schema = response?.content?.['application/json']?.schema;
  if (schema === undefined) {
    t.equal(text, '', `${target}: ${status} has no body`);
    return;
  }
  const allows = strictSchemas.compile(rooted(schema));
  const body: unknown = JSON.parse(text);
  t.ok(allows(body), `${target}: ${status} is as described ${JSON.stringify(allows.errors ?? '')} ${text}`);
  const code = typeof body === 'object' && body !== null && 'code' in body ? body.code : undefined;
  if (status < 400 || code === undefined) return;
  t.ok(
    response?.['x-errors']?.some((error) => error.code === code),
    `${target}: ${JSON.stringify(code)} is described`,
  );
}
