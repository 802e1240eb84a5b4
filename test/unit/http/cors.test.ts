// The CORS fields that the Matrix specification asks for, on answers and on preflights.

import t from 'tap';

import { corsHeaders, preflightHeaders } from '../../../src/http/cors.ts';

function fields(headers: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    headers.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), headers[i + 1] ?? '']] : [])),
  );
}

function list(value: string | undefined): string[] {
  return (value ?? '').split(', ').toSorted();
}

await t.test('any page may read the answers and send what Matrix clients send', async (t) => {
  const headers = fields(corsHeaders('/_matrix/client/versions'));
  t.equal(headers['access-control-allow-origin'], '*', 'any origin');
  t.notOk(headers['access-control-allow-credentials'], 'without cookies');
  const methods = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'];
  t.same(list(headers['access-control-allow-methods']), methods, 'the methods of the API');
  const names = ['Authorization', 'Content-Type', 'Date', 'X-Requested-With'];
  t.same(list(headers['access-control-allow-headers']), names, 'the request fields of the API');
});

await t.test('a rendezvous session (MSC4108) may be read and replaced by its ETag', async (t) => {
  const paths = [
    '/_matrix/client/unstable/org.matrix.msc4108/rendezvous',
    '/_matrix/client/unstable/org.matrix.msc4108/rendezvous/abc',
    '/_synapse/client/rendezvous/abc',
  ];
  for (const path of paths) {
    const headers = fields(corsHeaders(path));
    for (const name of ['If-Match', 'If-None-Match', 'Authorization', 'Content-Type']) {
      t.ok(list(headers['access-control-allow-headers']).includes(name), `${path} takes ${name}`);
    }
    t.ok(list(headers['access-control-expose-headers']).includes('ETag'), `${path} shows ETag`);
  }
  const plain = fields(corsHeaders('/_matrix/client/v3/sync'));
  t.notMatch(plain['access-control-allow-headers'], /If-Match/, 'nothing else takes preconditions');
});

await t.test('recordings are uploaded by tus, and saved in parts', async (t) => {
  for (const path of ['/api/calls/abc/recordings', '/api/calls/abc/recordings/def']) {
    const headers = fields(preflightHeaders(path));
    t.ok(list(headers['access-control-allow-methods']).includes('PATCH'), path);
    t.equal(headers['allow'], headers['access-control-allow-methods'], path);
    for (const name of ['Tus-Resumable', 'Upload-Offset', 'Upload-Metadata', 'Range'])
      t.ok(list(headers['access-control-allow-headers']).includes(name), `${path} takes ${name}`);
    for (const name of ['Location', 'Upload-Offset', 'Tus-Max-Size', 'Content-Disposition'])
      t.ok(list(headers['access-control-expose-headers']).includes(name), `${path} shows ${name}`);
  }
  const other = fields(corsHeaders('/api/calls/abc/status'));
  t.notMatch(other['access-control-allow-methods'], /PATCH/, 'nothing else is changed in parts');
});

await t.test('a preflight says the same, how long it holds, and which methods there are', async (t) => {
  for (const path of ['/_matrix/client/v3/sync', '/_matrix/client/unstable/org.matrix.msc4108/rendezvous']) {
    const headers = fields(preflightHeaders(path));
    t.match(headers, fields(corsHeaders(path)), `${path}: all that the answer itself says`);
    t.equal(headers['access-control-max-age'], '86400', `${path}: a day`);
    t.equal(headers['allow'], headers['access-control-allow-methods'], `${path}: Allow`);
  }
});
